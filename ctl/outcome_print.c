/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome_print.c - what grantctl submit --wait and watch show of an outcome.
 *
 * Texts in a table have their control bytes replaced: they came from elsewhere, and a
 * terminal obeys them.
 */
#include "ctl/outcome_print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/limits.h"

enum { CELL_CAPACITY = 512, EVENT_BYTES = 2 * LIMIT_OUTCOME_BYTES, CHANGE_CAPACITY = 64 };

static const char FORMAT[] = "%-24s  %-10s  %-24s  %-22s  %-10s  %-28s  %-18s  %s\n";

void outcome_printer_init(struct outcome_printer *printer)
{
	printer->table = isatty(STDOUT_FILENO) == 1;
	printer->began = false;
}

static const char *cell(const struct event_view *outcome, const char *path,
			char out[CELL_CAPACITY])
{
	const char *text = event_view_text(outcome, path);

	text_copy(out, CELL_CAPACITY, text[0] != '\0' ? text : "-");
	text_replace_control(out);
	return out;
}

/* "Viewer -> Editor"; "-" is no member. */
static void describe_change(const struct event_view *outcome, char out[CHANGE_CAPACITY])
{
	const char *before = event_view_text(outcome, "data.before.role");
	const char *after = event_view_text(outcome, "data.after.role");

	text_copy(out, CHANGE_CAPACITY, "");
	if (event_view_has(outcome, "data.before.role") || event_view_has(outcome, "data.after.role"))
		text_format(out, CHANGE_CAPACITY, "%s -> %s", before[0] != '\0' ? before : "-",
			    after[0] != '\0' ? after : "-");
	text_replace_control(out);
}

/* Whom or what it was about: the most particular name that is said. */
static const char *find_target(const struct event_view *outcome)
{
	static const char *const paths[] = {"data.target.login", "data.target.email",
					    "data.target.team_name", "data.target.org_name"};
	size_t i = 0;

	while (i < ARRAY_COUNT(paths) - 1 && event_view_text(outcome, paths[i])[0] == '\0')
		i++;
	return paths[i];
}

/* What happened is not in the row itself. */
static bool needs_words(const struct event_view *outcome)
{
	return !outcome_is_good(outcome) || event_view_text(outcome, "data.mode")[0] != '\0' ||
	       strcmp(event_view_text(outcome, "data.result"), "needs_action") == 0;
}

static void print_row(const struct event_view *outcome)
{
	char time[CELL_CAPACITY], result[CELL_CAPACITY], reason[CELL_CAPACITY];
	char action[CELL_CAPACITY], instance[CELL_CAPACITY], whom[CELL_CAPACITY];
	char change[CHANGE_CAPACITY], id[CELL_CAPACITY];

	describe_change(outcome, change);
	printf(FORMAT, cell(outcome, "data.finished_at", time), cell(outcome, "data.result", result),
	       cell(outcome, "data.reason.code", reason), cell(outcome, "data.action", action),
	       cell(outcome, "data.instance", instance), cell(outcome, find_target(outcome), whom), change,
	       cell(outcome, "data.request.id", id));
	if (needs_words(outcome))
		printf("    %s\n", cell(outcome, "data.reason.message", whom));
}

static void print_json(const struct event_view *outcome)
{
	struct buffer line;

	buffer_init(&line, EVENT_BYTES);
	event_view_write(outcome, &line);
	if (line.bytes != NULL && !line.overflowed)
		puts(line.bytes);
	buffer_clear(&line);
}

bool outcome_print(struct outcome_printer *printer, const struct event_view *outcome)
{
	if (!printer->table) {
		print_json(outcome);
		return fflush(stdout) == 0;
	}
	if (!printer->began)
		printf(FORMAT, "FINISHED", "RESULT", "REASON", "ACTION", "INSTANCE", "TARGET", "ROLE",
		       "REQUEST");
	printer->began = true;
	print_row(outcome);
	return fflush(stdout) == 0;
}

bool outcome_is_good(const struct event_view *outcome)
{
	const char *result = event_view_text(outcome, "data.result");

	return strcmp(result, "applied") == 0 || strcmp(result, "already_so") == 0 ||
	       strcmp(result, "planned") == 0 || strcmp(result, "needs_action") == 0;
}
