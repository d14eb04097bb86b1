/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_print.c - a snapshot, or what differs between two, for people and programs.
 *
 * Called by cmd_inventory.c. Owns nothing. Texts in a table have their control bytes
 * replaced: they came from elsewhere, and a terminal obeys them.
 */
#include "ctl/inventory_print.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "codec/json_write.h"

enum { CELL_BYTES = 16 * 1024 * 1024 };

static bool is_wanted(const struct inventory_print *print, const struct inventory_item *item)
{
	return print->entity == NULL || strcmp(print->entity, item->entity) == 0;
}

/* ---- rows ---- */

/* People choose their names, and a spreadsheet runs what looks like a formula: an apostrophe
 * before it makes it text there. */
static bool is_formula(const char *text)
{
	return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

/* A cell in double quotes where CSV wants them. */
static void print_csv_cell(const char *text)
{
	if (is_formula(text)) {
		printf("\"'");
	} else if (strpbrk(text, ",\"\r\n") != NULL) {
		putchar('"');
	} else {
		fputs(text, stdout);
		return;
	}
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_table_cell(const char *text, int width)
{
	int column = 0;

	if (text[0] == '\0')
		text = "-";
	for (; *text != '\0'; text++) {
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
		column += ((unsigned char)*text & 0xc0) != 0x80; /* not inside of a character */
	}
	for (; column < width; column++)
		putchar(' ');
}

/* The last cell of a table is as wide as it is. */
static void print_row(enum inventory_format format, const char *const *cells, const int *widths,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			fputs(format == INVENTORY_CSV ? "," : "  ", stdout);
		if (format == INVENTORY_CSV)
			print_csv_cell(cells[i]);
		else
			print_table_cell(cells[i], i + 1 < count ? widths[i] : 0);
	}
	putchar('\n');
}

/* ---- things ---- */

enum { COLUMNS = 11 };
static const char *const heads[COLUMNS] = {"entity",   "id",	   "org",	   "name",
					   "email",    "role",	   "disabled",	   "external",
					   "server_admin", "last_seen_at", "details"};
static const int widths[COLUMNS] = {15, 8, 16, 24, 28, 24, 8, 8, 12, 24, 0};

/* An org's name by its id, or the id. */
static const char *org_name(const struct inventory_things *things, const char *id)
{
	for (size_t i = 0; i < things->count; i++)
		if (strcmp(things->items[i].entity, "org") == 0 &&
		    strcmp(things->items[i].id, id) == 0)
			return things->items[i].name;
	return id;
}

static const char *org_of(const struct inventory_things *things,
			  const struct inventory_item *item, char id[32])
{
	size_t length = strcspn(item->id, "/");

	if (item->id[length] == '\0')
		return "";
	text_copy_bytes(id, 32, item->id, length);
	return org_name(things, id);
}

static void append_item(struct buffer *out, const char *text)
{
	if (text[0] == '\0')
		return;
	if (out->length > 0)
		buffer_append_text(out, ", ");
	buffer_append_text(out, text);
}

static void describe_roles(const struct inventory_things *things,
			   const struct inventory_item *item, struct buffer *out)
{
	static const char prefix[] = "role in ";

	append_item(out, inventory_item_get(item, "role"));
	for (size_t i = 0; i < item->field_count; i++) {
		const struct inventory_field *field = &item->fields[i];

		if (!text_starts_with(field->name, prefix))
			continue;
		append_item(out, field->value);
		buffer_append_format(out, " in %s",
				     org_name(things, field->name + strlen(prefix)));
	}
}

/* Whatever has no column. */
static void describe_rest(const struct inventory_item *item, struct buffer *out)
{
	/* A user's column has the login. */
	if (strcmp(item->entity, "user") == 0)
		append_item(out, inventory_item_get(item, "name"));
	append_item(out, inventory_item_get(item, "external_by"));
	for (size_t i = 0; i < item->field_count; i++) {
		const struct inventory_field *field = &item->fields[i];

		if (text_starts_with(field->name, "member ") ||
		    text_starts_with(field->name, "token "))
			append_item(out, field->value);
		else if (strcmp(field->name, "members") == 0 && field->value[0] != '\0')
			buffer_append_format(out, "%s%s members", out->length > 0 ? ", " : "",
					     field->value);
	}
}

static void print_item(const struct inventory_print *print,
		       const struct inventory_things *things, const struct inventory_item *item)
{
	struct buffer roles, rest;
	char id[32];

	buffer_init(&roles, CELL_BYTES);
	buffer_init(&rest, CELL_BYTES);
	describe_roles(things, item, &roles);
	describe_rest(item, &rest);
	const char *const cells[COLUMNS] = {
		item->entity,
		item->id + (strchr(item->id, '/') != NULL ? strcspn(item->id, "/") + 1 : 0),
		org_of(things, item, id),
		item->name,
		inventory_item_get(item, "email"),
		roles.length > 0 ? roles.bytes : "",
		inventory_item_get(item, "disabled"),
		inventory_item_get(item, "external"),
		inventory_item_get(item, "server_admin"),
		inventory_item_get(item, "last_seen_at"),
		rest.length > 0 ? rest.bytes : "",
	};
	print_row(print->format, cells, widths, COLUMNS);
	buffer_clear(&roles);
	buffer_clear(&rest);
}

void inventory_print(const struct inventory_print *print,
		     const struct inventory_things *things)
{
	if (print->format != INVENTORY_JSON)
		print_row(print->format, heads, widths, COLUMNS);
	for (size_t i = 0; i < things->count; i++) {
		if (!is_wanted(print, &things->items[i]))
			continue;
		if (print->format == INVENTORY_JSON)
			puts(things->items[i].json);
		else
			print_item(print, things, &things->items[i]);
	}
}

/* ---- what differs ---- */

enum { DIFF_COLUMNS = 7 };
static const char *const diff_heads[DIFF_COLUMNS] = {"change", "entity", "id",	  "name",
						     "field",  "before", "after"};
static const int diff_widths[DIFF_COLUMNS] = {8, 15, 8, 24, 16, 24, 0};

static void print_json_difference(const char *const cells[DIFF_COLUMNS])
{
	struct json_writer writer;
	struct buffer line;

	buffer_init(&line, CELL_BYTES);
	json_write_init(&writer, &line);
	json_write_begin_object(&writer, NULL);
	for (size_t i = 0; i < DIFF_COLUMNS; i++)
		if (cells[i] != NULL)
			json_write_text(&writer, diff_heads[i], cells[i]);
	json_write_end_object(&writer);
	puts(line.bytes);
	buffer_clear(&line);
}

/* field, before and after are NULL for a thing as a whole. */
static void print_difference(const struct inventory_print *print, const char *change,
			     const struct inventory_item *item, const char *field,
			     const char *before, const char *after)
{
	const char *cells[DIFF_COLUMNS] = {change, item->entity, item->id, item->name,
					   field,  before,	 after};

	if (print->format == INVENTORY_JSON) {
		print_json_difference(cells);
		return;
	}
	for (size_t i = 0; i < DIFF_COLUMNS; i++)
		if (cells[i] == NULL)
			cells[i] = "";
	print_row(print->format, cells, diff_widths, DIFF_COLUMNS);
}

static bool has_field(const struct inventory_item *item, const char *name)
{
	for (size_t i = 0; i < item->field_count; i++)
		if (strcmp(item->fields[i].name, name) == 0)
			return true;
	return false;
}

/* Nobody has to know who looked at a dashboard meanwhile. */
static bool is_compared(const struct inventory_field *field)
{
	return strcmp(field->name, "last_seen_at") != 0;
}

static size_t compare_fields(const struct inventory_print *print,
			     const struct inventory_item *before,
			     const struct inventory_item *after)
{
	size_t found = 0;

	for (size_t i = 0; i < before->field_count; i++) {
		const struct inventory_field *field = &before->fields[i];
		const char *now = inventory_item_get(after, field->name);

		if (!is_compared(field) || strcmp(field->value, now) == 0)
			continue;
		print_difference(print, "changed", after, field->name, field->value, now);
		found++;
	}
	for (size_t i = 0; i < after->field_count; i++) {
		const struct inventory_field *field = &after->fields[i];

		if (!is_compared(field) || field->value[0] == '\0' ||
		    has_field(before, field->name))
			continue;
		print_difference(print, "changed", after, field->name, "", field->value);
		found++;
	}
	return found;
}

/* One of them may be NULL: then the other is there alone. */
static size_t compare_pair(const struct inventory_print *print,
			   const struct inventory_item *before,
			   const struct inventory_item *after)
{
	if (before != NULL && after != NULL)
		return compare_fields(print, before, after);
	if (before != NULL)
		print_difference(print, "removed", before, NULL, NULL, NULL);
	else
		print_difference(print, "added", after, NULL, NULL, NULL);
	return 1;
}

size_t inventory_print_diff(const struct inventory_print *print,
			    const struct inventory_things *before,
			    const struct inventory_things *after)
{
	size_t i = 0, k = 0, found = 0;

	if (print->format != INVENTORY_JSON)
		print_row(print->format, diff_heads, diff_widths, DIFF_COLUMNS);
	while (i < before->count || k < after->count) {
		const struct inventory_item *old = i < before->count ? &before->items[i] : NULL;
		const struct inventory_item *new = k < after->count ? &after->items[k] : NULL;
		int order = old == NULL ? 1 : new == NULL ? -1 : inventory_compare(old, new);

		if (is_wanted(print, order < 0 ? old : new))
			found += compare_pair(print, order <= 0 ? old : NULL,
					      order >= 0 ? new : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return found;
}
