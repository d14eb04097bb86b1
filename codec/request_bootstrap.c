/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_bootstrap.c - what an org is to begin with.
 *
 * Called by request.c. Owns what it makes. Every list is bounded; the dashboards of all
 * folders are counted together.
 */
#include "codec/request_bootstrap.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

enum { PATH_BYTES = 96, ROLE_BYTES = 16 };

static const char root_path[] = "data.bootstrap";

/* Its entries; 0 when it is not said, no list, or too long. */
static size_t count_list(struct json_reader *reader, const struct json_place *place,
			 const char *name, size_t most)
{
	const json_t *list = json_field_get(place, name);
	size_t count = json_array_size(list);

	if (list != NULL && !json_is_array(list))
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.%s: must be an array",
				place->path, name);
	if (count <= most)
		return count;
	json_field_fail(reader, REASON_REQUEST_INVALID,
			"%s.%s: has %zu entries, at most %zu are allowed", place->path, name, count,
			most);
	return 0;
}

/* The index-th entry as an object; 'path' is where its path is written. */
static bool enter_list(struct json_reader *reader, const struct json_place *place,
		       const char *name, size_t index, char path[PATH_BYTES],
		       struct json_place *entry)
{
	const json_t *value = json_array_get(json_field_get(place, name), index);

	text_format(path, PATH_BYTES, "%s.%s[%zu]", place->path, name, index);
	*entry = (struct json_place){value, path};
	if (json_is_object(value))
		return true;
	json_field_fail(reader, REASON_REQUEST_INVALID, "%s: must be an object", path);
	return false;
}

/* ---- admins ---- */

static void read_admin(struct json_reader *reader, const struct json_place *place,
		       struct request_user *admin)
{
	admin->login = json_field_text(reader, place, "login", TEXT_NAME, LIMIT_LOGIN_BYTES);
	admin->email = json_field_text(reader, place, "email", TEXT_NAME, LIMIT_EMAIL_BYTES);
	if (admin->login == NULL && admin->email == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: needs login or email",
				place->path);
}

static void read_admins(struct json_reader *reader, const struct json_place *place,
			struct request_bootstrap *bootstrap)
{
	size_t count = count_list(reader, place, "admins", LIMIT_BOOTSTRAP_ADMINS);

	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		struct json_place entry;

		if (enter_list(reader, place, "admins", i, path, &entry))
			read_admin(reader, &entry, &bootstrap->admins[bootstrap->admin_count++]);
	}
}

/* ---- service account ---- */

static enum role read_role(struct json_reader *reader, const struct json_place *place)
{
	char *text = json_field_text(reader, place, "role", TEXT_LINE, ROLE_BYTES);
	enum role role = ROLE_VIEWER;

	if (text != NULL && role_parse(text, &role) < 0)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s.role: must be Viewer, Editor, Admin or None", place->path);
	free(text);
	return role;
}

static void read_service_account(struct json_reader *reader, const struct json_place *place,
				 struct request_bootstrap *bootstrap)
{
	static const char path[] = "data.bootstrap.service_account";
	struct json_place entry;

	bootstrap->ttl_s = NUMBER_NOT_SAID;
	if (!json_field_object(reader, place, "service_account", path, &entry))
		return;
	bootstrap->service_account =
		json_field_text(reader, &entry, "name", TEXT_NAME, LIMIT_NAME_BYTES);
	bootstrap->service_account_role = read_role(reader, &entry);
	json_field_integer(reader, &entry, "ttl_s", 1, LIMIT_TTL_S, &bootstrap->ttl_s);
	bootstrap->never_expires = json_field_flag(reader, &entry, "never_expires");
	if (bootstrap->service_account == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.name: missing", path);
	if (bootstrap->never_expires && bootstrap->ttl_s != NUMBER_NOT_SAID)
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s: ttl_s and never_expires are both said; say one", path);
}

/* ---- folders ---- */

static void read_dashboards(struct json_reader *reader, const struct json_place *place,
			    struct request_bootstrap *bootstrap, struct bootstrap_folder *folder)
{
	size_t left = LIMIT_BOOTSTRAP_DASHBOARDS - bootstrap->dashboard_count;
	size_t count = count_list(reader, place, "dashboards", left);

	folder->dashboards = mem_array(count + 1, sizeof(*folder->dashboards));
	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		struct json_place entry;

		if (!enter_list(reader, place, "dashboards", i, path, &entry))
			continue;
		dashboard_model_read(reader, &entry,
				     &folder->dashboards[folder->dashboard_count++]);
		bootstrap->dashboard_count++;
	}
}

static void read_folder(struct json_reader *reader, const struct json_place *place,
			struct request_bootstrap *bootstrap, struct bootstrap_folder *folder)
{
	folder->named.uid = dashboard_model_uid(reader, place);
	folder->named.title = json_field_text(reader, place, "title", TEXT_NAME,
					      LIMIT_NAME_BYTES);
	if (folder->named.uid == NULL && folder->named.title == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: needs uid or title",
				place->path);
	read_dashboards(reader, place, bootstrap, folder);
}

static void read_folders(struct json_reader *reader, const struct json_place *place,
			 struct request_bootstrap *bootstrap)
{
	size_t count = count_list(reader, place, "folders", LIMIT_BOOTSTRAP_FOLDERS);

	for (size_t i = 0; i < count; i++) {
		char path[PATH_BYTES];
		struct json_place entry;

		if (enter_list(reader, place, "folders", i, path, &entry))
			read_folder(reader, &entry, bootstrap,
				    &bootstrap->folders[bootstrap->folder_count++]);
	}
}

struct request_bootstrap *request_bootstrap_read(struct json_reader *reader,
						 const struct json_place *data)
{
	struct request_bootstrap *bootstrap;
	struct json_place place;

	if (!json_field_object(reader, data, "bootstrap", root_path, &place))
		return NULL;
	bootstrap = mem_zalloc(sizeof(*bootstrap));
	read_admins(reader, &place, bootstrap);
	read_service_account(reader, &place, bootstrap);
	read_folders(reader, &place, bootstrap);
	return bootstrap;
}

static void clear_folder(struct bootstrap_folder *folder)
{
	for (size_t i = 0; i < folder->dashboard_count; i++)
		dashboard_model_clear(&folder->dashboards[i]);
	free(folder->dashboards);
	free(folder->named.uid);
	free(folder->named.title);
}

void request_bootstrap_free(struct request_bootstrap *bootstrap)
{
	if (bootstrap == NULL)
		return;
	for (size_t i = 0; i < bootstrap->admin_count; i++) {
		free(bootstrap->admins[i].login);
		free(bootstrap->admins[i].email);
	}
	for (size_t i = 0; i < bootstrap->folder_count; i++)
		clear_folder(&bootstrap->folders[i]);
	free(bootstrap->service_account);
	free(bootstrap);
}
