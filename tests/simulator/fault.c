/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c - the faults on demand: which request is hit, and by what.
 *
 * Faults are tried in the order they were added. Each lets `skip` matching
 * requests by, then hits `count` of them (-1: until cleared). What a hit looks like
 * on the wire is exchange.c's and server.c's business. The caller locks.
 */
#include "tests/simulator/fault.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/json_out.h"

enum { HUGE_BODY_BYTES = 8 * 1024 * 1024 };

static const struct fault_kind kinds[] = {
	{"fail_before", FAULT_STATUS, false, 500},
	{"fail_after", FAULT_STATUS, true, 500},
	{"hang_before", FAULT_HANG, false, 0},
	{"hang_after", FAULT_HANG, true, 0},
	{"reset_before", FAULT_RESET, false, 0},
	{"reset_after", FAULT_RESET, true, 0},
	{"truncate", FAULT_TRUNCATE, true, 0},
	{"status", FAULT_STATUS, false, 503},
	{"retry_after", FAULT_STATUS, false, 429},
	{"unauthorized_untyped", FAULT_UNTYPED_401, false, 401},
	{"unauthorized", FAULT_BAD_PASSWORD, false, 401},
	{"html503", FAULT_HTML, false, 503},
	{"bad_json", FAULT_BAD_JSON, true, 0},
	{"huge_body", FAULT_HUGE_BODY, true, 0},
	{"slow_drip", FAULT_SLOW_DRIP, true, 0},
	{"wrong_type", FAULT_WRONG_TYPE, true, 0},
	{"delay", FAULT_DELAY, true, 0},
};

struct fault {
	struct fault *next;
	int64_t id;
	char *method; /* "*" for any */
	char *path;   /* segments, "*" for any one */
	int64_t remaining;
	int64_t skip;
	int64_t hits;
	struct fault_plan plan;
};

static const struct fault_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (name != NULL && strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static int64_t spec_int(const json_t *spec, const char *name, int64_t fallback)
{
	const json_t *value = json_object_get(spec, name);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static const char *spec_text(const json_t *spec, const char *name, const char *fallback)
{
	const char *value = json_string_value(json_object_get(spec, name));

	return value != NULL ? value : fallback;
}

/* Everything is checked, so that a misspelt fault cannot make a test pass by never firing. */
static const char *spec_problem(const json_t *spec)
{
	static const char *const known[] = {"method", "path", "kind", "count", "skip", "status",
					    "retry_after", "delay_ms", "bytes", "message",
					    "apply"};
	const char *name;
	const json_t *value;

	if (!json_is_object(spec))
		return "a fault is a JSON object";
	json_object_foreach((json_t *)(uintptr_t)spec, name, value)
	{
		size_t i = 0;

		while (i < ARRAY_COUNT(known) && strcmp(known[i], name) != 0)
			i++;
		if (i == ARRAY_COUNT(known))
			return "unknown field";
	}
	if (find_kind(json_string_value(json_object_get(spec, "kind"))) == NULL)
		return "unknown kind";
	if (spec_text(spec, "path", "")[0] != '/')
		return "path must start with /";
	return NULL;
}

int fault_list_add(struct fault_list *list, struct json_t *spec, int64_t *id,
		   const char **problem)
{
	const json_t *apply = json_object_get(spec, "apply");
	struct fault *fault, **link = &list->first;

	*problem = spec_problem(spec);
	if (*problem != NULL)
		return -1;
	fault = mem_zalloc(sizeof *fault);
	fault->id = ++list->last_id;
	fault->method = mem_strdup(spec_text(spec, "method", "*"));
	fault->path = mem_strdup(spec_text(spec, "path", ""));
	fault->remaining = spec_int(spec, "count", 1);
	fault->skip = spec_int(spec, "skip", 0);
	fault->plan.kind = find_kind(spec_text(spec, "kind", ""));
	fault->plan.applies =
		json_is_boolean(apply) ? json_is_true(apply) : fault->plan.kind->applies;
	fault->plan.status = (int)spec_int(spec, "status", fault->plan.kind->status);
	fault->plan.delay_ms = spec_int(spec, "delay_ms", -1);
	fault->plan.body_bytes = spec_int(spec, "bytes", HUGE_BODY_BYTES);
	(void)text_copy(fault->plan.retry_after, sizeof fault->plan.retry_after,
			spec_text(spec, "retry_after", ""));
	(void)text_copy(fault->plan.message, sizeof fault->plan.message,
			spec_text(spec, "message", ""));
	while (*link != NULL)
		link = &(*link)->next;
	*link = fault;
	*id = fault->id;
	return 0;
}

void fault_list_clear(struct fault_list *list)
{
	while (list->first != NULL) {
		struct fault *fault = list->first;

		list->first = fault->next;
		free(fault->method);
		free(fault->path);
		free(fault);
	}
}

static bool path_matches(const char *pattern, const char *path)
{
	while (*pattern != '\0' && *path != '\0') {
		size_t pattern_length = strcspn(pattern + 1, "/") + 1;
		size_t length = strcspn(path + 1, "/") + 1;
		bool any = pattern_length == 2 && pattern[1] == '*';

		if (*path != '/' || *pattern != '/')
			return false;
		if (!any && (length != pattern_length || memcmp(pattern, path, length) != 0))
			return false;
		pattern += pattern_length;
		path += length;
	}
	return *pattern == *path;
}

void fault_list_match(struct fault_list *list, const char *method, const char *path,
		      struct fault_plan *plan)
{
	plan->kind = NULL;
	for (struct fault *fault = list->first; fault != NULL; fault = fault->next) {
		if (fault->remaining == 0 || !path_matches(fault->path, path))
			continue;
		if (strcmp(fault->method, "*") != 0 && strcmp(fault->method, method) != 0)
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		fault->hits++;
		if (fault->remaining > 0)
			fault->remaining--;
		*plan = fault->plan;
		return;
	}
}

void fault_list_write(const struct fault_list *list, struct buffer *out)
{
	const char *comma = "";

	json_out_text(out, "[");
	for (const struct fault *fault = list->first; fault != NULL; fault = fault->next) {
		buffer_append_format(out, "%s{\"id\":%lld,\"method\":", comma,
				     (long long)fault->id);
		json_out_string(out, fault->method);
		json_out_text(out, ",\"path\":");
		json_out_string(out, fault->path);
		json_out_text(out, ",\"kind\":");
		json_out_string(out, fault->plan.kind->name);
		buffer_append_format(out, ",\"remaining\":%lld,\"skip\":%lld,\"hits\":%lld}",
				     (long long)fault->remaining, (long long)fault->skip,
				     (long long)fault->hits);
		comma = ",";
	}
	json_out_text(out, "]");
}
