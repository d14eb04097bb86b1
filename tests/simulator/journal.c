/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.c - the log of requests that tests read.
 *
 * An entry is made when the request has been read in full, so that one that
 * hangs can be seen, and finished when its answer is decided. A password in a body
 * is replaced before it is stored; its SHA-256 is kept beside it.
 */
#include "tests/simulator/journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/memory.h"
#include "tests/simulator/json_out.h"

enum { MAX_ENTRIES = 200000, FIRST_ENTRIES = 1024, MAX_LINE_BYTES = 16 * 1024 * 1024 };

struct journal_entry {
	int64_t n;
	char *method, *path, *query, *login, *user_agent, *traceparent, *org_header, *fault;
	const char *credential;
	char *body; /* JSON text, or NULL */
	char password_sha256[DIGEST_HEX_CAPACITY]; /* "" when there was none */
	int64_t at_ms, end_ms;
	int status, real_status;
	bool is_write, applied, done;
};

int journal_open(struct journal *journal, const char *path_or_null)
{
	journal->enabled = true;
	if (path_or_null == NULL)
		return 0;
	journal->file = fopen(path_or_null, "ae");
	return journal->file != NULL ? 0 : -1;
}

static void entry_clear(struct journal_entry *entry)
{
	char *texts[] = {entry->method, entry->path, entry->query, entry->login,
			 entry->user_agent, entry->traceparent, entry->org_header, entry->fault,
			 entry->body};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
	memset(entry, 0, sizeof *entry);
}

static struct journal_entry *entry_at(const struct journal *journal, size_t index)
{
	return &journal->entries[(journal->first + index) % journal->capacity];
}

void journal_clear(struct journal *journal)
{
	for (size_t i = 0; i < journal->count; i++)
		entry_clear(entry_at(journal, i));
	journal->first = journal->count = 0;
}

void journal_close(struct journal *journal)
{
	journal_clear(journal);
	free(journal->entries);
	if (journal->file != NULL)
		fclose(journal->file);
	memset(journal, 0, sizeof *journal);
}

/* The ring is only ever grown while it starts at 0, i.e. before it wraps. */
static struct journal_entry *entry_new(struct journal *journal)
{
	if (journal->count == journal->capacity && journal->capacity < MAX_ENTRIES) {
		size_t capacity = journal->capacity == 0 ? FIRST_ENTRIES : journal->capacity * 2;

		if (capacity > MAX_ENTRIES)
			capacity = MAX_ENTRIES;
		journal->entries = mem_grow_array(journal->entries, capacity,
						  sizeof(struct journal_entry));
		memset(journal->entries + journal->capacity, 0,
		       (capacity - journal->capacity) * sizeof(struct journal_entry));
		journal->capacity = capacity;
	}
	if (journal->count == journal->capacity) {
		entry_clear(entry_at(journal, 0));
		journal->first = (journal->first + 1) % journal->capacity;
		journal->count--;
	}
	return entry_at(journal, journal->count++);
}

static bool is_password_key(const char *key)
{
	return strcasecmp(key, "password") == 0 || strcasecmp(key, "oldPassword") == 0 ||
	       strcasecmp(key, "newPassword") == 0 || strcasecmp(key, "confirmNew") == 0 ||
	       strcasecmp(key, "confirmPassword") == 0 || strcasecmp(key, "inviteCode") == 0;
}

/* Values of password keys become "***"; answers whether there was one. */
static bool redact(json_t *body, char sha256[DIGEST_HEX_CAPACITY])
{
	const char *key;
	json_t *value;
	void *next;
	bool found = false;

	json_object_foreach_safe(body, next, key, value)
	{
		const char *text = json_string_value(value);

		if (!is_password_key(key))
			continue;
		if (text != NULL)
			digest_sha256_hex(text, strlen(text), sha256);
		json_object_set_new(body, key, json_string("***"));
		found = true;
	}
	return found;
}

/* What does not parse may hold a password anywhere, so none of it is kept. */
static void store_body(struct journal_entry *entry, const char *bytes, size_t length)
{
	json_t *body;

	if (length == 0)
		return;
	body = json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(body)) {
		entry->body = mem_strdup(body == NULL ? "\"(not JSON)\"" : "\"(not an object)\"");
		json_decref(body);
		return;
	}
	/* A line break between tokens would break the file of JSON lines. */
	if (redact(body, entry->password_sha256) || memchr(bytes, '\n', length) != NULL)
		entry->body = json_dumps(body, JSON_COMPACT);
	else
		entry->body = mem_strndup(bytes, length);
	json_decref(body);
}

/* An invite's code lets whoever has it in. */
static char *copy_path(const char *path)
{
	static const char *const prefixes[] = {"/api/org/invites/", "/api/user/invite/"};
	struct buffer out;

	buffer_init(&out, MAX_LINE_BYTES);
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(path, prefixes[i], length) != 0 ||
		    strcmp(path + length, "complete") == 0)
			continue;
		buffer_append_text(&out, prefixes[i]);
		buffer_append_text(&out, "***");
		buffer_append_text(&out, path + length + strcspn(path + length, "/"));
		return buffer_take(&out, NULL);
	}
	return mem_strdup(path);
}

int64_t journal_begin(struct journal *journal, const struct journal_request *request)
{
	struct journal_entry *entry;

	if (!journal->enabled)
		return 0;
	entry = entry_new(journal);
	entry->n = ++journal->last_n;
	entry->method = mem_strdup(request->method);
	entry->path = copy_path(request->path);
	entry->query = mem_strdup(request->query);
	entry->login = mem_strdup(request->login);
	entry->credential = request->credential;
	entry->user_agent = mem_strdup(request->user_agent);
	entry->traceparent = mem_strdup(request->traceparent);
	entry->org_header = mem_strdup(request->org_header);
	entry->fault = mem_strdup(request->fault);
	entry->is_write = request->is_write;
	entry->at_ms = request->at_ms;
	store_body(entry, request->body, request->body_bytes);
	return entry->n;
}

static void write_text(struct buffer *out, const char *name, const char *text)
{
	(void)buffer_append_format(out, ",\"%s\":", name);
	if (text != NULL)
		json_out_string(out, text);
	else
		json_out_text(out, "null");
}

static void write_status(struct buffer *out, const char *name, int status)
{
	(void)buffer_append_format(out, ",\"%s\":", name);
	if (status == JOURNAL_NO_STATUS)
		json_out_text(out, "null");
	else
		json_out_int(out, status);
}

static void entry_write(const struct journal_entry *entry, struct buffer *out)
{
	(void)buffer_append_format(out, "{\"n\":%lld", (long long)entry->n);
	write_text(out, "method", entry->method);
	write_text(out, "path", entry->path);
	write_text(out, "query", entry->query);
	write_text(out, "login", entry->login);
	write_text(out, "credential", entry->credential);
	write_text(out, "user_agent", entry->user_agent);
	write_text(out, "traceparent", entry->traceparent);
	write_text(out, "org_header", entry->org_header);
	write_text(out, "fault", entry->fault);
	write_status(out, "status", entry->status);
	write_status(out, "real_status", entry->real_status);
	(void)buffer_append_format(
		out, ",\"write\":%s,\"applied\":%s,\"done\":%s,\"t_ms\":%lld,\"took_ms\":%lld",
		entry->is_write ? "true" : "false", entry->applied ? "true" : "false",
		entry->done ? "true" : "false", (long long)entry->at_ms,
		(long long)(entry->done ? entry->end_ms - entry->at_ms : -1));
	if (entry->password_sha256[0] != '\0')
		write_text(out, "password_sha256", entry->password_sha256);
	json_out_text(out, ",\"body\":");
	json_out_text(out, entry->body != NULL ? entry->body : "null");
	json_out_text(out, "}");
}

static void append_to_file(struct journal *journal, const struct journal_entry *entry)
{
	struct buffer line;

	buffer_init(&line, MAX_LINE_BYTES);
	entry_write(entry, &line);
	json_out_text(&line, "\n");
	if (fwrite(line.bytes, 1, line.length, journal->file) != line.length ||
	    fflush(journal->file) != 0)
		fprintf(stderr, "grafana-sim: request log: %s\n", strerror(errno));
	buffer_clear(&line);
}

/* Numbers in the ring are consecutive. NULL when the entry was cleared or has aged out. */
static struct journal_entry *find(const struct journal *journal, int64_t n)
{
	if (n == 0 || journal->count == 0 || n < entry_at(journal, 0)->n)
		return NULL;
	return entry_at(journal, (size_t)(n - entry_at(journal, 0)->n));
}

void journal_progress(struct journal *journal, int64_t n, int real_status, bool applied)
{
	struct journal_entry *entry = find(journal, n);

	if (entry == NULL)
		return;
	entry->real_status = real_status;
	entry->applied = applied;
}

void journal_finish(struct journal *journal, int64_t n, int status, int real_status,
		    bool applied, int64_t now_ms)
{
	struct journal_entry *entry = find(journal, n);

	if (entry == NULL)
		return;
	entry->status = status;
	entry->real_status = real_status;
	entry->applied = applied;
	entry->done = true;
	entry->end_ms = now_ms;
	if (journal->file != NULL)
		append_to_file(journal, entry);
}

void journal_write(const struct journal *journal, int64_t since, bool writes_only,
		   struct buffer *out)
{
	const char *comma = "";

	json_out_text(out, "[");
	for (size_t i = 0; i < journal->count; i++) {
		const struct journal_entry *entry = entry_at(journal, i);

		if (entry->n <= since || (writes_only && !entry->is_write))
			continue;
		json_out_text(out, comma);
		entry_write(entry, out);
		comma = ",";
	}
	json_out_text(out, "]");
}
