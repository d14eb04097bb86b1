/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_dashboards.c - folders and dashboards of an org, against the answers of
 * Grafana 7.5 to 12.
 */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "config/limits.h"
#include "grafana/dashboards.h"

static const char ORG_LINE[] = "\r\nX-Grafana-Org-Id: 3\r\n";

struct expectation {
	const char *label;
	int status;
	const char *body;
	int rc;
	enum answer_code code;
};

typedef int (*call_fn)(struct support *support, struct answer *answer, struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call, const char *line,
		  const char *body)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, &step, 1);
		rc = call(&support, &answer, &err);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code))
			fail_msg("%s: rc %d, %s, %s", cases[i].label, rc, answer_name(answer.code),
				 err.text);
		support_close(&support);
		support_assert_request(&support, 0, line, body);
		assert_non_null(strstr(http_script_request(support.script, 0), ORG_LINE));
		support_end(&support);
	}
}

/* ---- folders ---- */

static int folder_by_uid(struct support *support, struct answer *answer, struct error *err)
{
	struct grafana_folder folder;
	int rc = grafana_folder_by_uid(support->session, 3, "f 1", &folder, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK)
		assert_string_equal(folder.uid, "f1");
	return rc;
}

static void finds_folders_by_uid(void **state)
{
	static const struct expectation cases[] = {
		{"there", 200, "{\"id\":4,\"uid\":\"f1\",\"title\":\"F\"}", 0, ANSWER_OK},
		{"without an id", 200, "{\"uid\":\"f1\",\"title\":\"F\"}", 0, ANSWER_OK},
		{"without a uid", 200, "{\"id\":4}", -1, ANSWER_OK},
		{"not there", 404, "{\"message\":\"folder not found\",\"status\":\"not-found\"}", 0,
		 ANSWER_NOT_FOUND},
		{"denied", 403, "{\"accessErrorId\":\"ACE1\",\"title\":\"Access denied\",\"message\":\"x\"}", 0,
		 ANSWER_PERMISSION},
		{"trouble", 500, "{\"message\":\"Folder API error\"}", -1, ANSWER_OK},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), folder_by_uid, "GET /api/folders/f%201 HTTP/1.1\r\n", "");
}

static int create_folder(struct support *support, struct answer *answer, struct error *err)
{
	struct grafana_folder folder;
	int rc = grafana_folder_create(support->session, 3, "f1", "F \"1\"", &folder, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK)
		assert_string_equal(folder.uid, "f1");
	return rc;
}

static void creates_folders(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"id\":4,\"uid\":\"f1\",\"title\":\"F\"}", 0, ANSWER_OK},
		{"yes to what?", 200, "{}", 0, ANSWER_DOUBT},
		{"title taken, 9.4", 409,
		 "{\"message\":\"a folder or dashboard in the general folder with the same name already "
		 "exists\"}", 0, ANSWER_EXISTS},
		{"uid taken", 412,
		 "{\"message\":\"the folder has been changed by someone else\",\"status\":\"version-mismatch\"}",
		 0, ANSWER_EXISTS},
		{"made after all, 12", 412, "{}", 0, ANSWER_EXISTS},
		{"General", 400, "{\"message\":\"A folder with that name already exists\",\"traceID\":\"\"}", 0,
		 ANSWER_EXISTS},
		{"no title", 400, "{\"message\":\"folder title cannot be empty\"}", 0, ANSWER_REJECTED},
		{"trouble", 500, "{\"message\":\"Folder API error\"}", 0, ANSWER_DOUBT},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create_folder, "POST /api/folders HTTP/1.1\r\n",
	      "{\"uid\":\"f1\",\"title\":\"F \\\"1\\\"\"}");
}

static void finds_folders_by_title(void **state)
{
	static const char list[] = "[{\"uid\":\"a\",\"title\":\"A\"},{\"uid\":\"b\",\"title\":\"B\"},"
				   "{\"uid\":\"c\",\"title\":\"B\"}]";
	static const struct {
		const char *title, *uid;
		size_t count;
	} cases[] = {{"A", "a", 1}, {"B", "b", 2}, {"C", "", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = list};
		struct grafana_folder folder = {0};
		struct support support;
		struct answer answer;
		struct error err = {0};
		size_t count = 9;

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_folder_by_title(support.session, 3, cases[i].title, &folder,
							 &count, &answer, &err), 0);
		assert_int_equal(count, cases[i].count);
		assert_string_equal(folder.uid, cases[i].uid);
		support_close(&support);
		support_assert_request(&support, 0, "GET /api/folders?limit=1000&page=1 HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

static void tells_folders_apart(void **state)
{
	const struct grafana_folder general = {0}, a = {.id = 1, .uid = "a"}, a_by_uid = {.uid = "a"},
				    a_by_id = {.id = 1}, b = {.id = 2, .uid = "b"};

	(void)state;
	assert_true(grafana_folder_is_same(&general, &general));
	assert_false(grafana_folder_is_same(&general, &a));
	assert_false(grafana_folder_is_same(&a_by_id, &general));
	assert_true(grafana_folder_is_same(&a, &a_by_uid));
	assert_true(grafana_folder_is_same(&a_by_id, &a));
	assert_false(grafana_folder_is_same(&a, &b));
	assert_false(grafana_folder_is_same(&a_by_id, &b));
}

/* ---- dashboards ---- */

#define STORED "{\"id\":9,\"title\":\"T\",\"uid\":\"d\",\"version\":4,\"x\":[1.5,null]}"

static void compares_what_is_stored(void **state)
{
	static const struct {
		const char *model, *body;
		bool same;
	} cases[] = {
		{"{\"title\":\"T\",\"x\":[1.5,null]}", "{\"meta\":{},\"dashboard\":" STORED "}", true},
		{"{\"x\":[1.50,null],\"title\":\"T\"}", "{\"meta\":{},\"dashboard\":" STORED "}", true},
		{"{\"title\":\"T\",\"x\":[1.5]}", "{\"meta\":{},\"dashboard\":" STORED "}", false},
		{"{\"title\":\"T\"}", "{\"meta\":{},\"dashboard\":" STORED "}", false},
		{"{\"title\":\"T\",\"x\":[1.5,null],\"y\":1}", "{\"meta\":{},\"dashboard\":" STORED "}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = cases[i].body};
		struct grafana_dashboard dashboard;
		struct support support;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_dashboard_get(support.session, 3, "d", cases[i].model,
						       &dashboard, &answer, &err), 0);
		assert_int_equal(dashboard.version, 4);
		assert_int_equal(dashboard.id, 9);
		if (dashboard.same != cases[i].same)
			fail_msg("%s is taken for %s", cases[i].model, cases[i].body);
		support_close(&support);
		support_end(&support);
	}
}

static int get_dashboard(struct support *support, struct answer *answer, struct error *err)
{
	struct grafana_dashboard dashboard;
	int rc = grafana_dashboard_get(support->session, 3, "d", "{}", &dashboard, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK) {
		assert_true(dashboard.provisioned);
		assert_string_equal(dashboard.folder.uid, "f");
		assert_int_equal(dashboard.version, 4);
	}
	return rc;
}

/* A request's model may be nested that deep (codec/dashboard_model.c). */
static void reads_again_what_was_taken(void **state)
{
	enum { INNER = LIMIT_DASHBOARD_DEPTH - 1, ROOM = 64 };
	char inner[2 * INNER + 1], model[sizeof(inner) + ROOM], body[sizeof(model) + 2 * ROOM];
	struct http_step step = {.status = 200, .body = body};
	struct grafana_dashboard dashboard;
	struct support support;
	struct answer answer = {0};
	struct error err = {0};

	(void)state;
	memset(inner, '[', INNER);
	memset(inner + INNER, ']', INNER);
	inner[2 * INNER] = '\0';
	snprintf(model, sizeof(model), "{\"title\":\"T\",\"panels\":%s}", inner);
	snprintf(body, sizeof(body), "{\"meta\":{},\"dashboard\":{\"version\":1,\"title\":\"T\",\"panels\":%s}}",
		 inner);
	support_begin(&support, &step, 1);
	assert_int_equal(grafana_dashboard_get(support.session, 3, "d", model, &dashboard, &answer,
					       &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_true(dashboard.same);
	support_close(&support);
	support_end(&support);
}

static void reads_dashboards(void **state)
{
	static const struct expectation cases[] = {
		{"there", 200,
		 "{\"meta\":{\"provisioned\":true,\"folderUid\":\"f\",\"folderId\":2},\"dashboard\":" STORED "}", 0,
		 ANSWER_OK},
		{"version in meta alone", 200,
		 "{\"meta\":{\"provisioned\":true,\"folderUid\":\"f\",\"version\":4},\"dashboard\":{}}", 0,
		 ANSWER_OK},
		{"no dashboard", 200, "{\"meta\":{}}", -1, ANSWER_OK},
		{"no version", 200, "{\"meta\":{},\"dashboard\":{}}", -1, ANSWER_OK},
		{"not there", 404, "{\"message\":\"Dashboard not found\",\"traceID\":\"\"}", 0, ANSWER_NOT_FOUND},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), get_dashboard, "GET /api/dashboards/uid/d HTTP/1.1\r\n", "");
}

static int save(struct support *support, struct answer *answer, struct error *err)
{
	const struct grafana_folder folder = {.id = 2, .uid = "f"};
	const struct grafana_dashboard_save asked = {
		.id = 9, .model = "{\"title\":\"T\"}", .uid = "d", .folder = &folder, .version = 4, .message = "m"};
	int64_t version = 0;
	int rc = grafana_dashboard_save(support->session, 3, &asked, &version, answer, err);

	assert_int_equal(version, answer->code == ANSWER_OK ? 5 : 0);
	return rc;
}

static void saves_dashboards(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"id\":9,\"status\":\"success\",\"uid\":\"d\",\"version\":5}", 0, ANSWER_OK},
		{"yes to what?", 200, "{\"status\":\"success\"}", 0, ANSWER_DOUBT},
		{"changed", 412,
		 "{\"message\":\"The dashboard has been changed by someone else\",\"status\":\"version-mismatch\"}",
		 0, ANSWER_CHANGED},
		{"title taken", 412,
		 "{\"message\":\"A dashboard with the same name in the folder already exists\",\"status\":"
		 "\"name-exists\"}", 0, ANSWER_EXISTS},
		{"provisioned", 400, "{\"message\":\"Cannot save provisioned dashboard\"}", 0,
		 ANSWER_PROVISIONED},
		{"folder gone", 400, "{\"message\":\"Folder not found\",\"traceID\":\"\"}", 0, ANSWER_NOT_FOUND},
		{"other", 400, "{\"message\":\"uid contains illegal characters\"}", 0, ANSWER_REJECTED},
		{"trouble", 500, "{\"message\":\"Failed to save dashboard\"}", 0, ANSWER_DOUBT},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), save, "POST /api/dashboards/db HTTP/1.1\r\n",
	      "{\"dashboard\":{\"title\":\"T\",\"id\":9,\"uid\":\"d\",\"version\":4},\"message\":\"m\","
	      "\"overwrite\":false,\"folderUid\":\"f\",\"folderId\":2}");
}

static void finds_dashboards_by_title_in_a_folder(void **state)
{
	static const char hits[] =
		"[{\"uid\":\"g\",\"title\":\"T\"},{\"uid\":\"x\",\"title\":\"T\",\"folderUid\":\"f\",\"folderId\":2},"
		"{\"uid\":\"y\",\"title\":\"T 2\",\"folderUid\":\"f\"},{\"uid\":\"z\",\"title\":\"T\",\"folderId\":2}]";
	const struct grafana_folder general = {0}, folder = {.id = 2, .uid = "f"};
	const struct {
		const struct grafana_folder *folder;
		const char *uid;
		size_t count;
	} cases[] = {{&general, "g", 1}, {&folder, "x", 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = hits};
		char uid[LIMIT_UID_BYTES + 1];
		struct support support;
		struct answer answer;
		struct error err = {0};
		size_t count = 0;

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_dashboard_find(support.session, 3, cases[i].folder, "T", uid,
							&count, &answer, &err), 0);
		assert_int_equal(count, cases[i].count);
		assert_string_equal(uid, cases[i].uid);
		support_close(&support);
		support_assert_request(&support, 0,
				       "GET /api/search?type=dash-db&limit=1000&query=T HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_folders_by_uid),
		cmocka_unit_test(creates_folders),
		cmocka_unit_test(finds_folders_by_title),
		cmocka_unit_test(tells_folders_apart),
		cmocka_unit_test(compares_what_is_stored),
		cmocka_unit_test(reads_again_what_was_taken),
		cmocka_unit_test(reads_dashboards),
		cmocka_unit_test(saves_dashboards),
		cmocka_unit_test(finds_dashboards_by_title_in_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
