/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - the data of a request event to values.
 *
 * Called by the pipeline after cloudevent_decode(). Owns the strings it makes.
 * Fails with ERROR_REFUSED, which becomes an outcome; the first fault is kept and
 * reading goes on, so that the outcome can say whom and what it is about.
 */
#include "codec/request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "codec/json_canonical.h"
#include "codec/json_field.h"
#include "codec/request_bootstrap.h"

enum { CHOICE_BYTES = 32, PATH_BYTES = 64, MS_PER_S = 1000, SECONDS_PER_DAY = 24 * 3600,
       NOT_SAID = -1 };

struct text_field {
	const char *name;
	size_t offset; /* of the char * in the struct that is filled */
	enum text_rule rule;
	size_t max_bytes;
};

static const struct text_field data_fields[] = {
	{"action", offsetof(struct request, action), TEXT_NAME, LIMIT_ACTION_BYTES},
	{"instance", offsetof(struct request, instance), TEXT_NAME, LIMIT_INSTANCE_BYTES},
	{"requested_by", offsetof(struct request, requested_by), TEXT_LINE, LIMIT_PERSON_BYTES},
	{"reason", offsetof(struct request, reason), TEXT_PROSE, LIMIT_REASON_BYTES},
	{"ticket", offsetof(struct request, ticket), TEXT_LINE, LIMIT_TICKET_BYTES},
	{0},
};

static const struct text_field user_fields[] = {
	{"login", offsetof(struct request_user, login), TEXT_NAME, LIMIT_LOGIN_BYTES},
	{"email", offsetof(struct request_user, email), TEXT_NAME, LIMIT_EMAIL_BYTES},
	{"name", offsetof(struct request_user, name), TEXT_NAME, LIMIT_NAME_BYTES},
	{0},
};

static const struct {
	const char *name;
	size_t offset;
} role_fields[] = {
	{"role", offsetof(struct request, role)},
	{"expected_role", offsetof(struct request, expected_role)},
	{"to_role", offsetof(struct request, to_role)},
};

/* The words a field may have. */
struct choice_field {
	const char *name;
	const char *words[3];
};

static const struct choice_field if_no_account_field = {
	"if_no_account",
	{[IF_NO_ACCOUNT_FAIL] = "fail", [IF_NO_ACCOUNT_CREATE] = "create",
	 [IF_NO_ACCOUNT_INVITE] = "invite"}};
static const struct choice_field on_existing_field = {
	"on_existing", {[ON_EXISTING_KEEP] = "keep", [ON_EXISTING_RESET] = "reset"}};
static const struct choice_field delivery_field = {
	"delivery", {[DELIVERY_MAIL] = "mail", [DELIVERY_LINK] = "link"}};
static const struct choice_field mode_field = {
	"mode", {[MODE_APPLY] = "apply", [MODE_PLAN] = "plan"}};

static void read_texts(struct json_reader *reader, const struct json_place *place,
		       const struct text_field *fields, void *out)
{
	for (; fields->name != NULL; fields++) {
		char *text = json_field_text(reader, place, fields->name, fields->rule,
					     fields->max_bytes);

		memcpy((char *)out + fields->offset, &text, sizeof(text));
	}
}

static void require(struct json_reader *reader, const char *name, const char *text)
{
	if (text == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "data.%s: missing", name);
}

/* "mail" or "link" */
static void list_words(const struct choice_field *field, char *out, size_t capacity)
{
	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(field->words) && field->words[i] != NULL; i++) {
		size_t used = strlen(out);

		text_format(out + used, capacity - used, "%s\"%s\"", i == 0 ? "" : " or ",
			    field->words[i]);
	}
}

static void refuse_choice(struct json_reader *reader, const struct choice_field *field,
			  const char *word)
{
	char quoted[JSON_QUOTE_CAPACITY], words[3 * CHOICE_BYTES];

	json_field_quote(word, quoted);
	list_words(field, words, sizeof(words));
	json_field_fail(reader, REASON_REQUEST_INVALID, "data.%s: \"%s\" is not known; must be %s",
			field->name, quoted, words);
}

/* The index of the word, or NOT_SAID. */
static int read_choice(struct json_reader *reader, const struct json_place *data,
		       const struct choice_field *field)
{
	char *word = json_field_text(reader, data, field->name, TEXT_LINE, CHOICE_BYTES);
	int found = NOT_SAID;

	if (word == NULL)
		return NOT_SAID;
	for (size_t i = 0; i < ARRAY_COUNT(field->words) && field->words[i] != NULL; i++)
		if (strcmp(word, field->words[i]) == 0)
			found = (int)i;
	if (found == NOT_SAID)
		refuse_choice(reader, field, word);
	free(word);
	return found;
}

static void read_choices(struct json_reader *reader, const struct json_place *data,
			 struct request *request)
{
	int if_no_account = read_choice(reader, data, &if_no_account_field);
	int on_existing = read_choice(reader, data, &on_existing_field);
	int delivery = read_choice(reader, data, &delivery_field);

	request->if_no_account = if_no_account == NOT_SAID ? IF_NO_ACCOUNT_FAIL
							   : (enum if_no_account)if_no_account;
	request->on_existing = on_existing == NOT_SAID ? ON_EXISTING_KEEP
						       : (enum on_existing)on_existing;
	request->delivery = delivery == NOT_SAID ? DELIVERY_MAIL : (enum delivery)delivery;
	request->mode = read_choice(reader, data, &mode_field) == MODE_PLAN ? MODE_PLAN : MODE_APPLY;
}

static void read_role(struct json_reader *reader, const struct json_place *data,
		      const char *name, enum role *role)
{
	char quoted[JSON_QUOTE_CAPACITY];
	char *text = json_field_text(reader, data, name, TEXT_LINE, CHOICE_BYTES);

	if (text == NULL)
		return;
	if (role_parse(text, role) < 0) {
		*role = ROLE_UNSET;
		json_field_quote(text, quoted);
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"data.%s: \"%s\" is not known; must be Viewer, Editor, Admin or None",
				name, quoted);
	}
	free(text);
}

static void read_roles(struct json_reader *reader, const struct json_place *data,
		       struct request *request)
{
	for (size_t i = 0; i < ARRAY_COUNT(role_fields); i++) {
		enum role role = ROLE_UNSET;

		read_role(reader, data, role_fields[i].name, &role);
		memcpy((char *)request + role_fields[i].offset, &role, sizeof(role));
	}
}

static void read_org(struct json_reader *reader, const struct json_place *data,
		     struct request_org *org)
{
	struct json_place place;

	if (!json_field_object(reader, data, "org", "data.org", &place))
		return;
	json_field_integer(reader, &place, "id", 1, INT64_MAX, &org->id);
	org->name = json_field_text(reader, &place, "name", TEXT_NAME, LIMIT_ORG_NAME_BYTES);
	/* An org that says nothing is a slip; to ignore it would change the meaning. */
	if (org->id == 0 && org->name == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "data.org: needs id or name");
}

static void read_team(struct json_reader *reader, const struct json_place *data,
		      struct request_team *team)
{
	struct json_place place;

	if (!json_field_object(reader, data, "team", "data.team", &place))
		return;
	json_field_integer(reader, &place, "id", 1, INT64_MAX, &team->id);
	team->name = json_field_text(reader, &place, "name", TEXT_NAME, LIMIT_NAME_BYTES);
	team->email = json_field_text(reader, &place, "email", TEXT_NAME, LIMIT_EMAIL_BYTES);
	if (team->id == 0 && team->name == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "data.team: needs id or name");
}

/* What is said by id or name; the members of struct request. */
static const struct {
	const char *name, *path;
	size_t offset;
} named_fields[] = {
	{"service_account", "data.service_account", offsetof(struct request, service_account)},
	{"token", "data.token", offsetof(struct request, token)},
	{"api_key", "data.api_key", offsetof(struct request, api_key)},
};

static void read_named(struct json_reader *reader, const struct json_place *data,
		       struct request *request)
{
	for (size_t i = 0; i < ARRAY_COUNT(named_fields); i++) {
		struct request_named named = {0};
		struct json_place place;

		if (!json_field_object(reader, data, named_fields[i].name, named_fields[i].path,
				       &place))
			continue;
		json_field_integer(reader, &place, "id", 1, INT64_MAX, &named.id);
		named.name =
			json_field_text(reader, &place, "name", TEXT_NAME, LIMIT_NAME_BYTES);
		if (named.id == 0 && named.name == NULL)
			json_field_fail(reader, REASON_REQUEST_INVALID, "%s: needs id or name",
					named_fields[i].path);
		memcpy((char *)request + named_fields[i].offset, &named, sizeof(named));
	}
}

static void read_folder(struct json_reader *reader, const struct json_place *data,
			struct request_folder *folder)
{
	struct json_place place;

	if (!json_field_object(reader, data, "folder", "data.folder", &place))
		return;
	folder->uid = dashboard_model_uid(reader, &place);
	folder->title = json_field_text(reader, &place, "title", TEXT_NAME, LIMIT_NAME_BYTES);
	if (folder->uid == NULL && folder->title == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "data.folder: needs uid or title");
}

static void read_dashboard(struct json_reader *reader, const struct json_place *data,
			   struct request *request)
{
	struct json_place place;

	if (json_field_object(reader, data, "dashboard", "data.dashboard", &place))
		dashboard_model_read(reader, &place, &request->dashboard);
}

static const struct {
	const char *name;
	size_t offset;
	int64_t min, max;
} number_fields[] = {
	{"expected_version", offsetof(struct request, expected_version), 0, INT32_MAX},
	{"ttl_s", offsetof(struct request, ttl_s), 1, LIMIT_TTL_S},
	{"overlap_s", offsetof(struct request, overlap_s), 0, LIMIT_DURATION_S},
	{"duration_s", offsetof(struct request, duration_s), 1, LIMIT_DURATION_S},
};

static void read_numbers(struct json_reader *reader, const struct json_place *data,
			 struct request *request)
{
	for (size_t i = 0; i < ARRAY_COUNT(number_fields); i++) {
		int64_t number = NUMBER_NOT_SAID;

		json_field_integer(reader, data, number_fields[i].name, number_fields[i].min,
				   number_fields[i].max, &number);
		memcpy((char *)request + number_fields[i].offset, &number, sizeof(number));
	}
}

static const struct {
	const char *name;
	size_t offset;
} flag_fields[] = {
	{"never_expires", offsetof(struct request, never_expires)},
	{"force", offsetof(struct request, force)},
	{"overwrite", offsetof(struct request, overwrite)},
	{"allow_account_removal", offsetof(struct request, allow_account_removal)},
};

static void read_flags(struct json_reader *reader, const struct json_place *data,
		       struct request *request)
{
	for (size_t i = 0; i < ARRAY_COUNT(flag_fields); i++) {
		bool flag = json_field_flag(reader, data, flag_fields[i].name);

		memcpy((char *)request + flag_fields[i].offset, &flag, sizeof(flag));
	}
}

static void check_lifetime(struct json_reader *reader, const struct request *request)
{
	if (request->never_expires && request->ttl_s != NUMBER_NOT_SAID)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"data: ttl_s and never_expires are both said; say one");
}

static void read_person(struct json_reader *reader, const struct json_place *data,
			const char *name, const char *path, struct request_user *user)
{
	struct json_place place;

	if (json_field_object(reader, data, name, path, &place))
		read_texts(reader, &place, user_fields, user);
}

static void read_approvers(struct json_reader *reader, const struct json_place *data,
			   struct request *request)
{
	const json_t *list = json_field_get(data, "approved_by");
	size_t count = json_array_size(list);
	char path[PATH_BYTES];

	if (list != NULL && !json_is_array(list))
		json_field_fail(reader, REASON_REQUEST_INVALID, "data.approved_by: must be an array");
	if (count > LIMIT_APPROVERS) {
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"data.approved_by: has %zu entries, at most %d are allowed", count,
				LIMIT_APPROVERS);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char *approver;

		text_format(path, sizeof(path), "data.approved_by[%zu]", i);
		approver = json_field_text_value(reader, json_array_get(list, i), path, TEXT_LINE,
						 LIMIT_PERSON_BYTES);
		if (approver != NULL)
			request->approved_by[request->approver_count++] = approver;
	}
}

/* 0 means "not said"; a time before 1970 has passed all the same. */
static int64_t read_time(struct json_reader *reader, const struct json_place *data,
			 const char *name)
{
	int64_t time_ms;

	if (!json_field_time(reader, data, name, &time_ms))
		return 0;
	return time_ms > 0 ? time_ms : 1;
}

static void read_time_bounds(struct json_reader *reader, const struct json_place *data,
			     int64_t now_ms, struct request *request)
{
	request->expires_ms = read_time(reader, data, "expires_at");
	if (json_field_get(data, "duration_s") != NULL && json_field_get(data, "expires_at") != NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"data: duration_s and expires_at are both said; say one");
	if (request->expires_ms > now_ms + (int64_t)LIMIT_DURATION_S * MS_PER_S)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"data.expires_at: is more than %d days ahead",
				LIMIT_DURATION_S / SECONDS_PER_DAY);
}

static void read_grant(struct json_reader *reader, const struct json_place *data,
		       struct request *request)
{
	struct request_grant *grant = &request->grant;
	struct json_place place;

	if (!json_field_object(reader, data, "grant", "data.grant", &place))
		return;
	grant->id = json_field_text(reader, &place, "id", TEXT_LINE, LIMIT_EVENT_ID_BYTES);
	grant->source =
		json_field_text(reader, &place, "source", TEXT_LINE, LIMIT_EVENT_SOURCE_BYTES);
	json_field_integer(reader, &place, "user_id", 1, INT64_MAX, &grant->user_id);
	grant->at_ms = read_time(reader, &place, "at");
	require(reader, "grant.id", grant->id);
	if (grant->source == NULL && request->source != NULL)
		grant->source = mem_strdup(request->source);
}

static void check_event_time(struct json_reader *reader, const struct cloudevent *event,
			     int64_t now_ms)
{
	if (event->has_time && event->time_ms > now_ms + (int64_t)LIMIT_FUTURE_S * MS_PER_S)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"time: is more than %d hours in the future", LIMIT_FUTURE_S / 3600);
}

/* The same request in another order of names, or with other spaces, is the same. */
static void make_fingerprint(const struct cloudevent *event, char out[DIGEST_HEX_CAPACITY])
{
	/* The longest there can be: every byte an escape of six. */
	enum { MOST_BYTES = 8 * LIMIT_RECORD_VALUE_BYTES };
	struct buffer canonical;

	buffer_init(&canonical, MOST_BYTES);
	buffer_append(&canonical, CLOUDEVENT_TYPE_REQUEST "\n", sizeof(CLOUDEVENT_TYPE_REQUEST));
	if (event->data != NULL)
		json_canonical_append(event->data, &canonical);
	digest_sha256_hex(canonical.bytes, canonical.length, out);
	buffer_clear(&canonical);
}

static char *said(const char *text)
{
	return text[0] == '\0' ? NULL : mem_strdup(text);
}

void request_from_event(const struct cloudevent *event, struct request *request)
{
	memset(request, 0, sizeof(*request));
	request->expected_version = request->ttl_s = request->overlap_s = NUMBER_NOT_SAID;
	request->duration_s = NUMBER_NOT_SAID;
	if (event->has_time)
		request->time_ms = event->time_ms > 0 ? event->time_ms : 1;
	request->id = said(event->id);
	request->source = said(event->source);
	request->subject = said(event->subject);
	request->traceparent = said(event->traceparent);
	make_fingerprint(event, request->fingerprint);
}

int request_decode(const struct cloudevent *event, int64_t now_ms, struct request *request,
		   enum reason *reason, struct error *err)
{
	struct json_reader reader = {.err = err, .reason = REASON_OK};
	const struct json_place data = {event->data, "data"};

	request_from_event(event, request);
	check_event_time(&reader, event, now_ms);
	read_texts(&reader, &data, data_fields, request);
	require(&reader, "action", request->action);
	require(&reader, "instance", request->instance);
	read_org(&reader, &data, &request->org);
	read_person(&reader, &data, "user", "data.user", &request->user);
	read_person(&reader, &data, "set", "data.set", &request->set);
	read_team(&reader, &data, &request->team);
	read_named(&reader, &data, request);
	read_folder(&reader, &data, &request->folder);
	read_dashboard(&reader, &data, request);
	request->bootstrap = request_bootstrap_read(&reader, &data);
	read_numbers(&reader, &data, request);
	read_flags(&reader, &data, request);
	check_lifetime(&reader, request);
	read_roles(&reader, &data, request);
	read_choices(&reader, &data, request);
	read_approvers(&reader, &data, request);
	request->deadline_ms = read_time(&reader, &data, "deadline");
	read_time_bounds(&reader, &data, now_ms, request);
	read_grant(&reader, &data, request);
	if (!reader.failed)
		return 0;
	*reason = reader.reason;
	return -1;
}

static void clear_user(struct request_user *user)
{
	free(user->login);
	free(user->email);
	free(user->name);
}

void request_clear(struct request *request)
{
	if (request == NULL)
		return;
	free(request->id);
	free(request->source);
	free(request->subject);
	free(request->traceparent);
	free(request->action);
	free(request->instance);
	free(request->org.name);
	clear_user(&request->user);
	clear_user(&request->set);
	free(request->team.name);
	free(request->team.email);
	free(request->service_account.name);
	free(request->token.name);
	free(request->api_key.name);
	free(request->folder.uid);
	free(request->folder.title);
	dashboard_model_clear(&request->dashboard);
	request_bootstrap_free(request->bootstrap);
	free(request->grant.id);
	free(request->grant.source);
	free(request->requested_by);
	for (size_t i = 0; i < request->approver_count; i++)
		free(request->approved_by[i]);
	free(request->reason);
	free(request->ticket);
	memset(request, 0, sizeof(*request));
}
