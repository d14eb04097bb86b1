/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_parse.c - bytes from outside to a JSON tree, with our own words for faults.
 *
 * Called by cloudevent.c and seal.c. jansson's own error texts quote the
 * input ("near '...'"), which must not get into logs, so only its code and
 * position are used. Nesting is bounded by jansson (2048 levels).
 */
#include "codec/json_parse.h"

#include <jansson.h>

static const struct fault {
	enum json_error_code code;
	const char *error_class;
	const char *text;
} faults[] = {
	{json_error_invalid_utf8, "not_utf8", "is not UTF-8"},
	{json_error_premature_end_of_input, "not_json", "ends in the middle of JSON"},
	{json_error_end_of_input_expected, "not_json", "goes on after the JSON object"},
	{json_error_duplicate_key, "duplicate_name", "has the same name twice in one object"},
	{json_error_numeric_overflow, "bad_number", "has a number that is out of range"},
	{json_error_stack_overflow, "not_json", "is nested too deeply"},
	{json_error_null_byte_in_key, "not_json", "has a NUL in a name"},
	{json_error_invalid_syntax, "not_json", "is not JSON"},
};

static const struct fault *find_fault(enum json_error_code code)
{
	size_t last = ARRAY_COUNT(faults) - 1;

	for (size_t i = 0; i < last; i++)
		if (faults[i].code == code)
			return &faults[i];
	return &faults[last];
}

int json_parse_object(struct slice text, struct json_t **object, const char **error_class,
		      struct error *err)
{
	json_error_t fault;
	const struct fault *known;
	json_t *root = json_loadb(text.data, text.length,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY,
				  &fault);

	if (root == NULL) {
		known = find_fault(json_error_code(&fault));
		*error_class = known->error_class;
		error_set(err, ERROR_POISON, "json", (int)known->code, "%s (line %d, column %d)",
			  known->text, fault.line, fault.column);
		return -1;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		*error_class = "not_an_object";
		error_set(err, ERROR_POISON, "json", 0, "is JSON, but not an object");
		return -1;
	}
	*object = root;
	return 0;
}
