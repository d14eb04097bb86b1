/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - what is still to come, told by what has happened.
 *
 * Called by grantctl due with every record of the topic of outcomes. Pure. Outcomes of
 * one subject are put in the order in which they ended, and go through worker/grants.h
 * as their requests did.
 *
 * Limits: what is no longer in the topic is not known. Requests that end at the same
 * millisecond on two workers may change places.
 */
#include "worker/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/cloudevent.h"
#include "codec/event_view.h"
#include "worker/bound_kind.h"

enum { DATA_BYTES = LIMIT_OUTCOME_BYTES };

/* One outcome, as far as it matters. */
struct episode {
	char key[GRANT_KEY_CAPACITY];	   /* of its request */
	char end_key[GRANT_KEY_CAPACITY];  /* of the grant that it was to end; "" = none */
	char later_key[GRANT_KEY_CAPACITY]; /* of what it promised; "" = nothing */
	char *later_id, *later_source;
	struct record later;
	int64_t at_ms;	 /* when that is due */
	char *subject;	 /* whose grants it changed; NULL = nobody's */
	int64_t ended_ms;
	bool is_bound, is_refused;
	int before, after, base, asked; /* levels */
};

struct history {
	struct episode *episodes;
	size_t count, capacity;
};

struct history *history_new(void)
{
	return mem_zalloc(sizeof(struct history));
}

static void clear_episode(struct episode *episode)
{
	free(episode->later_id);
	free(episode->later_source);
	free(episode->subject);
	record_clear(&episode->later);
}

void history_free(struct history *history)
{
	if (history == NULL)
		return;
	for (size_t i = 0; i < history->count; i++)
		clear_episode(&history->episodes[i]);
	free(history->episodes);
	free(history);
}

/* ---- reading an outcome ---- */

static int64_t number_at(const struct event_view *view, const char *path)
{
	int64_t number = 0;

	return event_view_integer(view, path, &number) ? number : 0;
}

static int64_t time_at(const struct event_view *view, const char *path)
{
	int64_t time_ms = 0;

	return text_to_time_ms(event_view_text(view, path), &time_ms) ? time_ms : 0;
}

/* "data.before" and the like, as far as levels need it. */
static int level_at(const struct event_view *view, const struct bound_kind *kind,
		    const char *role_path, const char *team_path, const char *admin_path)
{
	struct evidence held = {.member = FACT_NO};

	if (role_parse(event_view_text(view, role_path), &held.role) == 0)
		held.member = FACT_YES;
	held.team_member = event_view_is_true(view, team_path) ? FACT_YES : FACT_NO;
	held.server_admin = event_view_is_true(view, admin_path) ? FACT_YES : FACT_NO;
	return kind->level(&held);
}

static void read_key(const struct event_view *view, const char *source_path,
		     const char *id_path, char key[GRANT_KEY_CAPACITY])
{
	key[0] = '\0';
	if (event_view_text(view, id_path)[0] != '\0')
		grants_key(event_view_text(view, source_path), event_view_text(view, id_path),
			   key);
}

/* The request once more; its time is the outcome's, as it was the first time. */
static void read_later(const struct event_view *view, struct episode *episode)
{
	const char *subject = event_view_text(view, "subject");
	const char *traceparent = event_view_text(view, "traceparent");
	struct cloudevent_attributes attributes = {
		.id = event_view_text(view, "data.follow_up.request_id"),
		.source = event_view_text(view, "data.follow_up.source"),
		.type = CLOUDEVENT_TYPE_REQUEST,
		.subject = subject[0] != '\0' ? subject : NULL,
		.traceparent = traceparent[0] != '\0' ? traceparent : NULL,
		.time_ms = time_at(view, "data.finished_at"),
	};
	const char *key = subject[0] != '\0' ? subject : event_view_text(view, "data.request.id");
	struct buffer data;

	if (attributes.id[0] == '\0' || !event_view_has(view, "data.follow_up.data"))
		return;
	read_key(view, "data.follow_up.source", "data.follow_up.request_id", episode->later_key);
	episode->later_id = mem_strdup(attributes.id);
	episode->later_source = mem_strdup(attributes.source);
	episode->at_ms = time_at(view, "data.follow_up.at");
	buffer_init(&data, DATA_BYTES);
	event_view_write_at(view, "data.follow_up.data", &data);
	record_init(&episode->later, RECORD_REQUEST);
	record_set_key(&episode->later, key, strlen(key));
	cloudevent_encode(&attributes, &data, CLOUDEVENT_BINARY, &episode->later);
}

static bool changed_nothing(const struct event_view *view)
{
	const char *result = event_view_text(view, "data.result");

	return strcmp(result, "planned") == 0 || strcmp(result, "needs_action") == 0;
}

static void read_grants(const struct event_view *view, struct episode *episode)
{
	const struct bound_kind *kind = bound_kind_of(event_view_text(view, "data.action"));
	const char *result = event_view_text(view, "data.result");
	char subject[BOUND_SUBJECT_CAPACITY];
	struct outcome_target target = {
		.user_id = number_at(view, "data.target.user_id"),
		.org_id = number_at(view, "data.target.org_id"),
		.team_id = number_at(view, "data.target.team_id"),
	};
	enum role role = ROLE_UNSET;

	episode->is_refused = strcmp(result, "refused") == 0;
	episode->is_bound = event_view_has(view, "data.reverts_to");
	read_key(view, "data.grant.source", "data.grant.id", episode->end_key);
	if (kind == NULL || changed_nothing(view) || target.user_id == 0 ||
	    (episode->is_refused && episode->end_key[0] == '\0') ||
	    (strcmp(result, "failed") == 0 && !episode->is_bound) ||
	    (episode->is_bound && episode->at_ms <= 0))
		return;
	bound_kind_subject(kind, event_view_text(view, "data.instance"), &target, subject);
	episode->subject = mem_strdup(subject);
	episode->before = level_at(view, kind, "data.before.role", "data.before.team_member",
				"data.before.server_admin");
	episode->after = level_at(view, kind, "data.after.role", "data.after.team_member",
			       "data.after.server_admin");
	episode->base = level_at(view, kind, "data.reverts_to.role", "data.reverts_to.team_member",
			      "data.reverts_to.server_admin");
	episode->asked = kind->most;
	if (role_parse(event_view_text(view, "data.follow_up.data.role"), &role) == 0)
		episode->asked = (int)role;
}

static struct episode *add_episode(struct history *history)
{
	if (history->count == history->capacity) {
		history->capacity = history->capacity * 2 + 64;
		history->episodes = mem_grow_array(history->episodes, history->capacity,
						sizeof(*history->episodes));
	}
	return memset(&history->episodes[history->count++], 0, sizeof(struct episode));
}

int history_take(struct history *history, const struct record_view *record, struct error *err)
{
	struct event_view *view = NULL;
	struct episode *episode;

	if (event_view_read(record, &view, err) < 0)
		return -1;
	if (event_view_text(view, "data.request.id")[0] == '\0') {
		error_set(err, ERROR_POISON, "history", 0, "data.request.id: is missing");
		event_view_free(view);
		return -1;
	}
	episode = add_episode(history);
	episode->ended_ms = time_at(view, "data.finished_at");
	read_key(view, "data.request.source", "data.request.id", episode->key);
	if (!changed_nothing(view))
		read_later(view, episode);
	read_grants(view, episode);
	event_view_free(view);
	return 0;
}

/* ---- what is due ---- */

static int compare_keys(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static int visit_due(const struct history *history, const char *const *answered,
		     history_due_fn visit, void *context, struct error *err)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct episode *episode = &history->episodes[i];
		const char *key = episode->later_key;
		const struct history_due due = {episode->later_id, episode->later_source, episode->at_ms,
						&episode->later};

		if (key[0] == '\0' || bsearch(&key, answered, history->count, sizeof(key),
					      compare_keys) != NULL)
			continue;
		if (visit(context, &due, err) < 0)
			return -1;
	}
	return 0;
}

int history_each_due(struct history *history, history_due_fn visit, void *context,
		     struct error *err)
{
	const char **answered = mem_array(history->count + 1, sizeof(*answered));
	int rc;

	for (size_t i = 0; i < history->count; i++)
		answered[i] = history->episodes[i].key;
	qsort(answered, history->count, sizeof(*answered), compare_keys);
	rc = visit_due(history, answered, visit, context, err);
	free(answered);
	return rc;
}

/* ---- grants ---- */

static int compare_numbers(int64_t one, int64_t other)
{
	return one < other ? -1 : one > other;
}

/* By subject, and then in the order in which they ended; nobody's last. */
static int compare_episodes(const void *left, const void *right)
{
	const struct episode *one = *(const struct episode *const *)left;
	const struct episode *other = *(const struct episode *const *)right;
	int order;

	if (one->subject == NULL || other->subject == NULL)
		return (one->subject == NULL) - (other->subject == NULL);
	order = strcmp(one->subject, other->subject);
	if (order != 0)
		return order;
	order = compare_numbers(one->ended_ms, other->ended_ms);
	return order != 0 ? order : strcmp(one->key, other->key);
}

static void replay_bound(struct grants *grants, const struct episode *episode)
{
	struct grant grant = {.level = episode->asked, .expires_ms = episode->at_ms};

	text_copy(grant.key, sizeof(grant.key), episode->key);
	if (grants_find(grants, grant.key) != NULL)
		return;
	grants_observe(grants, episode->before);
	if (grants_add(grants, episode->base, &grant))
		grants->given = grants_level(grants);
}

static void replay_end(struct grants *grants, const struct episode *episode)
{
	if (grants_find(grants, episode->end_key) == NULL)
		return;
	if (grants_observe(grants, episode->before))
		return;
	grants_end(grants, episode->end_key);
	if (!episode->is_refused)
		grants->given = grants_level(grants);
}

static void replay(struct grants *grants, const struct episode *episode)
{
	if (episode->end_key[0] != '\0')
		replay_end(grants, episode);
	else if (episode->is_bound)
		replay_bound(grants, episode);
	else
		grants_end_all(grants);
}

static int visit_subjects(const struct episode *const *episodes, size_t count,
			  history_grants_fn visit, void *context, struct error *err)
{
	for (size_t i = 0, end; i < count; i = end) {
		struct grants grants = {0};

		for (end = i; end < count && strcmp(episodes[end]->subject, episodes[i]->subject) == 0;
		     end++)
			replay(&grants, episodes[end]);
		if (grants.count > 0 && visit(context, episodes[i]->subject, &grants, err) < 0)
			return -1;
	}
	return 0;
}

int history_each_subject(struct history *history, history_grants_fn visit, void *context,
			 struct error *err)
{
	const struct episode **episodes = mem_array(history->count + 1, sizeof(*episodes));
	size_t count = 0;
	int rc;

	for (size_t i = 0; i < history->count; i++)
		episodes[i] = &history->episodes[i];
	qsort(episodes, history->count, sizeof(*episodes), compare_episodes);
	while (count < history->count && episodes[count]->subject != NULL)
		count++;
	rc = visit_subjects(episodes, count, visit, context, err);
	free(episodes);
	return rc;
}
