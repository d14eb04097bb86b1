/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent.c - the text a step leaves in the ledger.
 *
 * Called by turn.c and parts.c, for the operations. Pure functions; unknown or missing
 * names read as "not said", so that a newer version's intent can be resumed.
 */
#include "worker/intent.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "config/role.h"

void intent_put(struct buffer *intent, const char *name, const char *value)
{
	buffer_append_text(intent, name);
	buffer_append_text(intent, "=");
	buffer_append_text(intent, value);
	buffer_append_text(intent, "\n");
}

void intent_put_number(struct buffer *intent, const char *name, int64_t value)
{
	buffer_append_format(intent, "%s=%" PRId64 "\n", name, value);
}

bool intent_get(struct slice intent, const char *name, char *out, size_t capacity)
{
	const char *cursor = intent.data, *end = intent.data + intent.length;
	size_t name_length = strlen(name);

	out[0] = '\0';
	while (intent.length > 0 && cursor < end) {
		const char *line_end = memchr(cursor, '\n', (size_t)(end - cursor));
		size_t length = (size_t)((line_end != NULL ? line_end : end) - cursor);

		if (length > name_length && cursor[name_length] == '=' &&
		    memcmp(cursor, name, name_length) == 0)
			return text_copy_bytes(out, capacity, cursor + name_length + 1,
					       length - name_length - 1);
		cursor += length + 1;
	}
	return false;
}

int64_t intent_get_number(struct slice intent, const char *name, int64_t otherwise)
{
	char text[24];
	int64_t value;

	if (!intent_get(intent, name, text, sizeof(text)) ||
	    !text_to_int64(text, INT64_MIN, INT64_MAX, &value))
		return otherwise;
	return value;
}

static void put_text(struct buffer *intent, const char *name, const char *value)
{
	if (value[0] != '\0')
		intent_put(intent, name, value);
}

void intent_put_evidence(struct buffer *intent, const struct evidence *before)
{
	intent_put_number(intent, "before.account", before->account);
	intent_put_number(intent, "before.member", before->member);
	put_text(intent, "before.role", role_name(before->role));
	intent_put_number(intent, "before.disabled", before->disabled);
	intent_put_number(intent, "before.exists", before->exists);
	intent_put_number(intent, "before.version", before->version);
	intent_put_number(intent, "before.server_admin", before->server_admin);
	intent_put_number(intent, "before.team_member", before->team_member);
	put_text(intent, "before.login", before->login);
	put_text(intent, "before.email", before->email);
	put_text(intent, "before.name", before->name);
}

static enum fact get_fact(struct slice intent, const char *name)
{
	int64_t value = intent_get_number(intent, name, FACT_UNSAID);

	return value == FACT_NO || value == FACT_YES ? (enum fact)value : FACT_UNSAID;
}

void intent_get_evidence(struct slice intent, struct evidence *before)
{
	char role[16];

	memset(before, 0, sizeof(*before));
	before->account = get_fact(intent, "before.account");
	before->member = get_fact(intent, "before.member");
	before->disabled = get_fact(intent, "before.disabled");
	before->exists = get_fact(intent, "before.exists");
	before->version = intent_get_number(intent, "before.version", 0);
	before->server_admin = get_fact(intent, "before.server_admin");
	before->team_member = get_fact(intent, "before.team_member");
	if (intent_get(intent, "before.role", role, sizeof(role)) &&
	    role_parse(role, &before->role) < 0)
		before->role = ROLE_UNSET;
	intent_get(intent, "before.login", before->login, sizeof(before->login));
	intent_get(intent, "before.email", before->email, sizeof(before->email));
	intent_get(intent, "before.name", before->name, sizeof(before->name));
}
