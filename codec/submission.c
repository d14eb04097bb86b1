/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submission.c - JSON that somebody wrote to a request event.
 *
 * Called by grantctl submit. Pure: id, source and time are handed in. What it makes
 * has been read back with the worker's own decoders.
 */
#include "codec/submission.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/cloudevent.h"
#include "codec/json_parse.h"
#include "codec/json_write.h"
#include "codec/request.h"
#include "config/limits.h"

static const char ORIGIN[] = "submission";
enum { EVENT_BYTES = LIMIT_RECORD_VALUE_BYTES, SUBJECT_CAPACITY = 32 };

static const char *choose(const char *said, const char *otherwise)
{
	return said != NULL ? said : otherwise;
}

static void set_instance(json_t *data, const struct submission_terms *terms)
{
	if (terms->instance != NULL)
		json_object_set_new(data, "instance", json_string(terms->instance));
	else if (json_object_get(data, "instance") == NULL && terms->default_instance != NULL)
		json_object_set_new(data, "instance", json_string(terms->default_instance));
}

/* Whom or what it is about: keeps the requests of one person in one lane and one
 * partition, and so those of one org that are about no person (its teams, service
 * accounts and their tokens, dashboards), if all of them say its name or all its id. */
static const char *find_subject(const json_t *data, char org_id[SUBJECT_CAPACITY])
{
	static const char *const places[][2] = {
		{"user", "email"}, {"user", "login"}, {"org", "name"}};
	const char *subject = NULL;
	const json_t *id;

	for (size_t i = 0; i < ARRAY_COUNT(places) && subject == NULL; i++)
		subject = json_string_value(json_object_get(json_object_get(data, places[i][0]),
							    places[i][1]));
	id = json_object_get(json_object_get(data, "org"), "id");
	if (subject != NULL || !json_is_integer(id))
		return subject;
	text_format(org_id, SUBJECT_CAPACITY, "org-%lld", (long long)json_integer_value(id));
	return org_id;
}

static const char plan_suffix[] = "/plan";

/* A plan is a request of its own: with the id of the real one it would be taken for it. */
static const char *choose_id(const struct submission_terms *terms,
			     char planned[LIMIT_EVENT_ID_BYTES + sizeof(plan_suffix)])
{
	if (!terms->plan || terms->id == NULL)
		return choose(terms->id, terms->default_id);
	text_format(planned, LIMIT_EVENT_ID_BYTES + sizeof(plan_suffix), "%s%s", terms->id,
		    plan_suffix);
	return planned;
}

static void set_plan(json_t *data, const struct submission_terms *terms)
{
	if (terms->plan)
		json_object_set_new(data, "mode", json_string("plan"));
}

/* A whole event, but for what makes it a plan. */
static void write_planned(json_t *root, struct buffer *out)
{
	char id[LIMIT_EVENT_ID_BYTES + sizeof(plan_suffix)];
	const char *said = json_string_value(json_object_get(root, "id"));
	char *text;

	if (said != NULL) {
		text_format(id, sizeof(id), "%s%s", said, plan_suffix);
		json_object_set_new(root, "id", json_string(id));
	}
	json_object_set_new(json_object_get(root, "data"), "mode", json_string("plan"));
	text = json_dumps(root, JSON_COMPACT);
	buffer_append_text(out, text != NULL ? text : "");
	free(text);
}

static void write_event(json_t *data, const struct submission_terms *terms, struct buffer *out)
{
	char planned[LIMIT_EVENT_ID_BYTES + sizeof(plan_suffix)];
	char org_id[SUBJECT_CAPACITY];
	const char *subject = find_subject(data, org_id);
	char *text = json_dumps(data, JSON_COMPACT);
	struct json_writer writer;

	json_write_init(&writer, out);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "specversion", "1.0");
	json_write_text(&writer, "type", CLOUDEVENT_TYPE_REQUEST);
	json_write_text(&writer, "id", choose_id(terms, planned));
	json_write_text(&writer, "source", choose(terms->source, terms->default_source));
	if (subject != NULL && subject[0] != '\0')
		json_write_text(&writer, "subject", subject);
	json_write_time(&writer, "time", terms->now_ms);
	json_write_text(&writer, "datacontenttype", "application/json");
	json_write_raw(&writer, "data", (struct slice){text, text == NULL ? 0 : strlen(text)});
	json_write_end_object(&writer);
	free(text);
}

static int refuse_terms(struct error *err)
{
	error_set(err, ERROR_REFUSED, ORIGIN, 0,
		  "a whole event says its id, source and instance itself; only data can be "
		  "completed by options");
	return -1;
}

static int make_event(struct slice text, const struct submission_terms *terms,
		      struct buffer *event, struct error *err)
{
	const char *error_class = NULL;
	json_t *root = NULL;
	int rc = 0;

	if (text.length == 0) { /* jansson wants at least a pointer */
		error_set(err, ERROR_REFUSED, ORIGIN, 0, "is empty");
		return -1;
	}
	if (json_parse_object(text, &root, &error_class, err) < 0)
		return -1;
	if (json_object_get(root, "specversion") == NULL) {
		set_instance(root, terms);
		set_plan(root, terms);
		write_event(root, terms, event);
	} else if (terms->id != NULL || terms->source != NULL || terms->instance != NULL) {
		rc = refuse_terms(err);
	} else if (terms->plan) {
		write_planned(root, event);
	} else {
		buffer_append(event, text.data, text.length);
	}
	json_decref(root);
	if (rc == 0 && event->overflowed) {
		error_set(err, ERROR_REFUSED, ORIGIN, 0, "is longer than %d bytes", EVENT_BYTES);
		rc = -1;
	}
	return rc;
}

static char *choose_key(const struct request *request)
{
	const char *key = choose(request->subject, choose(request->user.email,
							  request->user.login));

	return mem_strdup(choose(key, request->id));
}

/* Read it as the worker will. */
static int check_event(const struct buffer *event, int64_t now_ms,
		       struct submission *submission, struct error *err)
{
	static const char content_type[] = SUBMISSION_CONTENT_TYPE;
	const struct header_view header = {"content-type",
					   {content_type, sizeof(content_type) - 1}};
	const struct record_view record = {.value = {event->bytes, event->length},
					   .headers = &header,
					   .header_count = 1,
					   .timestamp_ms = now_ms};
	struct cloudevent cloudevent;
	struct request request = {0};
	enum reason reason;
	int rc = -1;

	if (cloudevent_decode(&record, &cloudevent, err) < 0)
		goto out;
	if (request_decode(&cloudevent, now_ms, &request, &reason, err) < 0)
		goto out;
	submission->id = mem_strdup(request.id);
	submission->source = mem_strdup(request.source);
	submission->key = choose_key(&request);
	rc = 0;
out:
	request_clear(&request);
	cloudevent_clear(&cloudevent);
	return rc;
}

int submission_make(struct slice text, const struct submission_terms *terms,
		    struct submission *submission, struct error *err)
{
	struct buffer event;
	int rc = -1;

	memset(submission, 0, sizeof(*submission));
	buffer_init(&event, EVENT_BYTES);
	if (make_event(text, terms, &event, err) < 0)
		goto out;
	if (check_event(&event, terms->now_ms, submission, err) < 0)
		goto out;
	submission->value = buffer_take(&event, &submission->value_bytes);
	rc = 0;
out:
	buffer_clear(&event);
	return rc;
}

void submission_clear(struct submission *submission)
{
	free(submission->id);
	free(submission->source);
	free(submission->key);
	free(submission->value);
	memset(submission, 0, sizeof(*submission));
}
