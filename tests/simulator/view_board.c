/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_board.c - folders and dashboards as the API shows them.
 *
 * Key order and presence follow the recorded answers of 9.4 and 10.1; what later
 * versions add is left out but for what tests need.
 */
#include "tests/simulator/view_board.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "tests/simulator/json_out.h"

static void field_text(struct buffer *out, const char *name, const char *text)
{
	buffer_append_format(out, ",\"%s\":", name);
	json_out_string(out, text);
}

static void field_time(struct buffer *out, const char *name, int64_t time_s)
{
	buffer_append_format(out, ",\"%s\":", name);
	json_out_time(out, time_s);
}

/* Letters and digits in lower case, a hyphen for each run of spaces. */
static void write_slug(struct buffer *out, const char *title)
{
	bool gap = false;

	for (; *title != '\0'; title++) {
		char lower = (char)tolower((unsigned char)*title);

		if (isalnum((unsigned char)lower)) {
			if (gap)
				json_out_text(out, "-");
			(void)buffer_append(out, &lower, 1);
			gap = false;
		} else if (lower == ' ' || lower == '-' || lower == '_') {
			gap = true;
		}
	}
}

/* "/d/<uid>/<slug>" */
static void field_url(struct buffer *out, const char *name, const struct board *board)
{
	buffer_append_format(out, ",\"%s\":\"%s%s/", name,
			     board->is_folder ? "/dashboards/f/" : "/d/", board->uid);
	write_slug(out, board->title);
	json_out_text(out, "\"");
}

static void field_slug(struct buffer *out, const char *name, const struct board *board)
{
	buffer_append_format(out, ",\"%s\":\"", name);
	write_slug(out, board->title);
	json_out_text(out, "\"");
}

void view_folder(struct buffer *out, const struct version *version, const struct board *folder,
		 bool may_edit)
{
	const char *can = may_edit ? "true" : "false";

	buffer_append_format(out, "{\"id\":%lld", (long long)folder->id);
	field_text(out, "uid", folder->uid);
	if (version->uid)
		json_out_text(out, ",\"orgId\":1");
	field_text(out, "title", folder->title);
	field_url(out, "url", folder);
	buffer_append_format(out, ",\"hasAcl\":false,\"canSave\":%s,\"canEdit\":%s,"
				  "\"canAdmin\":%s,\"canDelete\":%s",
			     can, can, can, can);
	field_text(out, "createdBy", folder->created_by);
	field_time(out, "created", folder->created_s);
	field_text(out, "updatedBy", folder->updated_by);
	field_time(out, "updated", folder->updated_s);
	buffer_append_format(out, ",\"version\":%lld}", (long long)folder->version);
}

static void write_meta_folder(struct buffer *out, const struct version *version,
			      const struct board *folder)
{
	buffer_append_format(out, ",\"folderId\":%lld",
			     folder != NULL ? (long long)folder->id : 0LL);
	if (version->id >= V9_4)
		field_text(out, "folderUid", folder != NULL ? folder->uid : "");
	field_text(out, "folderTitle", folder != NULL ? folder->title : "General");
	if (folder != NULL)
		field_url(out, "folderUrl", folder);
	else
		json_out_text(out, ",\"folderUrl\":\"\"");
}

static void write_meta(struct buffer *out, const struct version *version,
		       const struct board *board, bool may_edit)
{
	const char *can = may_edit ? "true" : "false";

	buffer_append_format(out, "{\"type\":\"db\",\"canSave\":%s,\"canEdit\":%s,"
				  "\"canAdmin\":%s,\"canStar\":true,\"canDelete\":%s",
			     can, can, can, can);
	field_slug(out, "slug", board);
	field_url(out, "url", board);
	json_out_text(out, ",\"expires\":\"0001-01-01T00:00:00Z\"");
	field_time(out, "created", board->created_s);
	field_time(out, "updated", board->updated_s);
	field_text(out, "updatedBy", board->updated_by);
	field_text(out, "createdBy", board->created_by);
	buffer_append_format(out, ",\"version\":%lld,\"hasAcl\":false,\"isFolder\":%s",
			     (long long)board->version, board->is_folder ? "true" : "false");
	write_meta_folder(out, version, board->folder);
	buffer_append_format(out,
			     ",\"provisioned\":%s,\"provisionedExternalId\":\"\","
			     "\"annotationsPermissions\":{\"dashboard\":{\"canAdd\":true,"
			     "\"canEdit\":true,\"canDelete\":true},\"organization\":{\"canAdd\":%s,"
			     "\"canEdit\":%s,\"canDelete\":%s}}",
			     board->is_provisioned ? "true" : "false", can, can, can);
	if (version->id == V9_4)
		json_out_text(out, ",\"hasPublicDashboard\":false");
	if (version->traced)
		json_out_text(out, ",\"publicDashboardAccessToken\":\"\",\"publicDashboardUid\":"
				   "\"\",\"publicDashboardEnabled\":false");
	json_out_text(out, "}");
}

void view_dashboard(struct buffer *out, const struct version *version,
		    const struct board *board, bool may_edit)
{
	char *data = json_dumps(board->data, JSON_COMPACT | JSON_SORT_KEYS);

	json_out_text(out, "{\"meta\":");
	write_meta(out, version, board, may_edit);
	json_out_text(out, ",\"dashboard\":");
	json_out_text(out, data != NULL ? data : "{}");
	json_out_text(out, "}");
	free(data);
}

void view_dashboard_saved(struct buffer *out, const struct board *board)
{
	buffer_append_format(out, "{\"id\":%lld", (long long)board->id);
	field_slug(out, "slug", board);
	json_out_text(out, ",\"status\":\"success\"");
	field_text(out, "uid", board->uid);
	field_url(out, "url", board);
	buffer_append_format(out, ",\"version\":%lld}", (long long)board->version);
}

void view_board_hit(struct buffer *out, const struct board *board)
{
	buffer_append_format(out, "{\"id\":%lld", (long long)board->id);
	field_text(out, "uid", board->uid);
	field_text(out, "title", board->title);
	json_out_text(out, ",\"uri\":\"db/");
	write_slug(out, board->title);
	json_out_text(out, "\"");
	field_url(out, "url", board);
	buffer_append_format(out, ",\"slug\":\"\",\"type\":\"%s\",\"tags\":[],\"isStarred\":false",
			     board->is_folder ? "dash-folder" : "dash-db");
	if (board->folder != NULL) {
		buffer_append_format(out, ",\"folderId\":%lld", (long long)board->folder->id);
		field_text(out, "folderUid", board->folder->uid);
		field_text(out, "folderTitle", board->folder->title);
		field_url(out, "folderUrl", board->folder);
	}
	json_out_text(out, ",\"sortMeta\":0}");
}
