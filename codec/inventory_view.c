/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_view.c - what inventory.c wrote, read back and made flat.
 *
 * Called by grantctl. Owns what it puts into an item. Lenient: a member that it does not
 * know is a field of its own; lists within a thing become a field for each entry.
 */
#include "codec/inventory_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/json_parse.h"

enum { NAME_BYTES = 64, VALUE_BYTES = 2048 };

/* ---- fields ---- */

static void add_field(struct inventory_item *item, const char *name, const char *value)
{
	struct inventory_field *field;

	item->fields = mem_grow_array(item->fields, item->field_count + 1, sizeof(*field));
	field = &item->fields[item->field_count++];
	field->name = mem_strdup(name);
	field->value = mem_strdup(value);
}

/* A scalar as text. */
static void show(const json_t *value, char out[VALUE_BYTES])
{
	out[0] = '\0';
	if (json_is_string(value))
		text_copy(out, VALUE_BYTES, json_string_value(value));
	else if (json_is_integer(value))
		text_format(out, VALUE_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		text_copy(out, VALUE_BYTES, json_is_true(value) ? "yes" : "no");
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void add_role(struct inventory_item *item, const json_t *entry)
{
	char name[NAME_BYTES];

	text_format(name, sizeof(name), "role in %" JSON_INTEGER_FORMAT,
		    number_of(entry, "org_id"));
	add_field(item, name, text_of(entry, "role"));
}

static void add_member(struct inventory_item *item, const json_t *entry)
{
	char name[NAME_BYTES], value[VALUE_BYTES];
	bool admin = json_is_true(json_object_get(entry, "admin"));

	text_format(name, sizeof(name), "member %" JSON_INTEGER_FORMAT,
		    number_of(entry, "user_id"));
	text_format(value, sizeof(value), "%s%s", text_of(entry, "login"), admin ? " (Admin)" : "");
	add_field(item, name, value);
}

static void add_token(struct inventory_item *item, const json_t *entry)
{
	char name[NAME_BYTES], value[VALUE_BYTES];
	const char *end = text_of(entry, "expires_at");
	bool revoked = json_is_true(json_object_get(entry, "revoked"));

	text_format(name, sizeof(name), "token %" JSON_INTEGER_FORMAT, number_of(entry, "id"));
	text_format(value, sizeof(value), "%s %s%s%s", text_of(entry, "name"),
		    end[0] != '\0' ? "until " : "for ever", end, revoked ? " (revoked)" : "");
	add_field(item, name, value);
}

static void add_text(struct inventory_item *item, const json_t *entry)
{
	if (json_is_string(entry))
		add_field(item, "external_by", json_string_value(entry));
}

static void add_list(struct inventory_item *item, const char *name, const json_t *list)
{
	static const struct {
		const char *name;
		void (*add)(struct inventory_item *item, const json_t *entry);
	} lists[] = {
		{"roles", add_role},
		{"members", add_member},
		{"tokens", add_token},
		{"external_by", add_text},
	};

	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		if (strcmp(name, lists[i].name) != 0)
			continue;
		for (size_t k = 0; k < json_array_size(list); k++)
			lists[i].add(item, json_array_get(list, k));
	}
}

/* Which part of a team a record holds is of no interest once the parts are together. */
static bool is_of_the_record(const char *name)
{
	static const char *const names[] = {"id", "org_id", "part", "more"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void add_fields(struct inventory_item *item, json_t *thing)
{
	const char *name;
	json_t *value;

	json_object_foreach(thing, name, value)
	{
		char text[VALUE_BYTES];

		if (is_of_the_record(name))
			continue;
		if (json_is_array(value)) {
			add_list(item, name, value);
			continue;
		}
		show(value, text);
		add_field(item, name, text);
	}
}

/* ---- records ---- */

static void name_item(struct inventory_item *item, const char *entity, const json_t *thing)
{
	json_int_t org_id = number_of(thing, "org_id");
	const char *login = text_of(thing, "login");
	char id[NAME_BYTES];

	if (org_id != 0)
		text_format(id, sizeof(id), "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, org_id,
			    number_of(thing, "id"));
	else
		text_format(id, sizeof(id), "%" JSON_INTEGER_FORMAT, number_of(thing, "id"));
	item->entity = mem_strdup(entity);
	item->id = mem_strdup(id);
	item->name = mem_strdup(strcmp(entity, "user") == 0 && login[0] != '\0'
					? login
					: text_of(thing, "name"));
}

static bool read_mark(const json_t *data, struct inventory_mark *mark)
{
	const json_t *snapshot = json_object_get(data, "snapshot");
	const json_t *end = json_object_get(data, "end");

	memset(mark, 0, sizeof(*mark));
	text_copy(mark->snapshot, sizeof(mark->snapshot), text_of(snapshot, "id"));
	text_copy(mark->started_at, sizeof(mark->started_at), text_of(snapshot, "started_at"));
	text_copy(mark->instance, sizeof(mark->instance), text_of(data, "instance"));
	text_copy(mark->finished_at, sizeof(mark->finished_at), text_of(end, "finished_at"));
	mark->org_id = number_of(data, "org_id");
	mark->closes = end != NULL;
	mark->records = number_of(json_object_get(end, "counts"), "records");
	return mark->snapshot[0] != '\0' && mark->instance[0] != '\0';
}

static int read_item(json_t *data, struct inventory_item *item, struct error *err)
{
	const char *entity = text_of(data, "entity");
	json_t *thing = json_object_get(data, entity);

	if (!json_is_object(thing)) {
		error_set(err, ERROR_POISON, "inventory", 0, "data.%.40s: missing", entity);
		return -1;
	}
	name_item(item, entity, thing);
	add_fields(item, thing);
	item->json = json_dumps(data, JSON_COMPACT);
	return 0;
}

static bool is_structured(const json_t *value)
{
	return json_is_object(json_object_get(value, "data")) &&
	       json_object_get(value, "specversion") != NULL;
}

int inventory_view_read(const struct record_view *record, struct inventory_mark *mark,
			struct inventory_item *item, struct error *err)
{
	const char *error_class = NULL;
	json_t *value = NULL, *data;
	int rc = 0;

	if (item != NULL)
		memset(item, 0, sizeof(*item));
	if (record->value.data == NULL || record->value.length == 0) {
		error_set(err, ERROR_POISON, "inventory", 0, "is empty");
		return -1;
	}
	if (json_parse_object(record->value, &value, &error_class, err) < 0)
		return -1;
	data = is_structured(value) ? json_object_get(value, "data") : value;
	if (!read_mark(data, mark)) {
		error_set(err, ERROR_POISON, "inventory", 0, "names no snapshot");
		rc = -1;
	} else if (item != NULL && !mark->closes) {
		rc = read_item(data, item, err);
	}
	json_decref(value);
	return rc;
}

void inventory_item_clear(struct inventory_item *item)
{
	for (size_t i = 0; i < item->field_count; i++) {
		free(item->fields[i].name);
		free(item->fields[i].value);
	}
	free(item->fields);
	free(item->entity);
	free(item->id);
	free(item->name);
	free(item->json);
	memset(item, 0, sizeof(*item));
}

const char *inventory_item_get(const struct inventory_item *item, const char *name)
{
	for (size_t i = 0; i < item->field_count; i++)
		if (strcmp(item->fields[i].name, name) == 0)
			return item->fields[i].value;
	return "";
}
