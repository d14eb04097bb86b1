/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of single fields are in tests/corpus/request; here is what they leave open. */
#include "codec_support.h"

#define MINIMAL "\"action\":\"a.b\",\"instance\":\"main\""

struct decoded {
	struct cloudevent event;
	struct request request;
	enum reason reason;
	struct error err;
	int rc;
};

static void open_decoded(struct decoded *decoded, const char *data)
{
	memset(decoded, 0, sizeof(*decoded));
	support_event(data, &decoded->event);
	decoded->rc = request_decode(&decoded->event, SUPPORT_NOW_MS, &decoded->request,
				     &decoded->reason, &decoded->err);
}

static void close_decoded(struct decoded *decoded)
{
	request_clear(&decoded->request);
	cloudevent_clear(&decoded->event);
}

static void reads_every_field(void **state)
{
	struct decoded decoded;
	const struct request *request = &decoded.request;

	(void)state;
	open_decoded(&decoded,
		     "{\"action\":\"org_role.grant\",\"instance\":\"main\","
		     "\"org\":{\"id\":3,\"name\":\"Observability\"},"
		     "\"user\":{\"login\":\"ada\",\"email\":\"ada@example.com\",\"name\":\"Ada L\"},"
		     "\"set\":{\"login\":\"ada2\",\"email\":\"ada2@example.com\",\"name\":\"Ada II\"},"
		     "\"role\":\"Editor\",\"expected_role\":\"viewer\",\"to_role\":\"NONE\","
		     "\"if_no_account\":\"create\",\"on_existing\":\"reset\",\"mode\":\"apply\","
		     "\"deadline\":\"2026-11-22T11:00:00Z\","
		     "\"requested_by\":\"ada\",\"approved_by\":[\"bob\",\"eve\"],"
		     "\"reason\":\"on call\\nthis week\",\"ticket\":\"INC-4711\",\"unknown\":{\"x\":[]}}");
	assert_int_equal(decoded.rc, 0);
	assert_string_equal(request->id, "req-1");
	assert_string_equal(request->source, "/portal");
	assert_string_equal(request->subject, "ada@example.com");
	assert_null(request->traceparent);
	assert_string_equal(request->action, "org_role.grant");
	assert_string_equal(request->instance, "main");
	assert_true(request->org.id == 3);
	assert_string_equal(request->org.name, "Observability");
	assert_string_equal(request->user.login, "ada");
	assert_string_equal(request->user.email, "ada@example.com");
	assert_string_equal(request->user.name, "Ada L");
	assert_string_equal(request->set.login, "ada2");
	assert_string_equal(request->set.email, "ada2@example.com");
	assert_string_equal(request->set.name, "Ada II");
	assert_int_equal(request->role, ROLE_EDITOR);
	assert_int_equal(request->expected_role, ROLE_VIEWER);
	assert_int_equal(request->to_role, ROLE_NONE);
	assert_int_equal(request->if_no_account, IF_NO_ACCOUNT_CREATE);
	assert_int_equal(request->on_existing, ON_EXISTING_RESET);
	assert_true(request->deadline_ms == SUPPORT_NOW_MS + 3600 * 1000);
	assert_string_equal(request->requested_by, "ada");
	assert_int_equal(request->approver_count, 2);
	assert_string_equal(request->approved_by[0], "bob");
	assert_string_equal(request->approved_by[1], "eve");
	assert_string_equal(request->reason, "on call\nthis week");
	assert_string_equal(request->ticket, "INC-4711");
	close_decoded(&decoded);
}

static void reads_what_other_things_are_named_by(void **state)
{
	struct decoded decoded;
	const struct request *request = &decoded.request;

	(void)state;
	open_decoded(&decoded,
		     "{" MINIMAL ",\"team\":{\"id\":4,\"name\":\"SRE\",\"email\":\"sre@example.com\"},"
		     "\"service_account\":{\"name\":\"ci\"},\"token\":{\"id\":7},\"api_key\":{\"name\":\"old\"},"
		     "\"folder\":{\"uid\":\"f1\",\"title\":\"Start\"},"
		     "\"dashboard\":{\"id\":4,\"uid\":\"d-1\",\"version\":2,\"title\":\"T\",\"panels\":[]},\"expected_version\":0,"
		     "\"ttl_s\":60,\"overlap_s\":0,\"delivery\":\"link\",\"force\":true,"
		     "\"overwrite\":true,\"allow_account_removal\":true,\"never_expires\":false}");
	assert_int_equal(decoded.rc, 0);
	assert_true(request->team.id == 4);
	assert_string_equal(request->team.name, "SRE");
	assert_string_equal(request->team.email, "sre@example.com");
	assert_string_equal(request->service_account.name, "ci");
	assert_true(request->token.id == 7);
	assert_null(request->token.name);
	assert_string_equal(request->api_key.name, "old");
	assert_string_equal(request->folder.uid, "f1");
	assert_string_equal(request->folder.title, "Start");
	assert_string_equal(request->dashboard.model, "{\"panels\":[],\"title\":\"T\"}");
	assert_string_equal(request->dashboard.uid, "d-1");
	assert_string_equal(request->dashboard.title, "T");
	assert_int_equal(request->expected_version, 0);
	assert_int_equal(request->ttl_s, 60);
	assert_int_equal(request->overlap_s, 0);
	assert_int_equal(request->delivery, DELIVERY_LINK);
	assert_true(request->force && request->overwrite && request->allow_account_removal);
	assert_false(request->never_expires);
	close_decoded(&decoded);
}

static void reads_what_an_org_begins_with(void **state)
{
	struct decoded decoded;
	const struct request_bootstrap *bootstrap;

	(void)state;
	open_decoded(&decoded,
		     "{" MINIMAL ",\"bootstrap\":{\"admins\":[{\"login\":\"ada\"},{\"email\":\"b@x\"}],"
		     "\"service_account\":{\"name\":\"ci\",\"role\":\"editor\",\"ttl_s\":60},"
		     "\"folders\":[{\"title\":\"F\",\"dashboards\":[{\"title\":\"D\",\"uid\":\"d\"},"
		     "{\"title\":\"E\"}]},{\"uid\":\"g\"}]}}");
	assert_int_equal(decoded.rc, 0);
	bootstrap = decoded.request.bootstrap;
	assert_non_null(bootstrap);
	assert_int_equal(bootstrap->admin_count, 2);
	assert_string_equal(bootstrap->admins[0].login, "ada");
	assert_string_equal(bootstrap->admins[1].email, "b@x");
	assert_string_equal(bootstrap->service_account, "ci");
	assert_int_equal(bootstrap->service_account_role, ROLE_EDITOR);
	assert_int_equal(bootstrap->ttl_s, 60);
	assert_false(bootstrap->never_expires);
	assert_int_equal(bootstrap->folder_count, 2);
	assert_int_equal(bootstrap->dashboard_count, 2);
	assert_string_equal(bootstrap->folders[0].named.title, "F");
	assert_string_equal(bootstrap->folders[0].dashboards[0].uid, "d");
	assert_string_equal(bootstrap->folders[0].dashboards[1].model, "{\"title\":\"E\"}");
	assert_string_equal(bootstrap->folders[1].named.uid, "g");
	assert_int_equal(bootstrap->folders[1].dashboard_count, 0);
	close_decoded(&decoded);
	open_decoded(&decoded, "{" MINIMAL ",\"bootstrap\":{\"service_account\":{\"name\":\"ci\"}}}");
	assert_int_equal(decoded.request.bootstrap->service_account_role, ROLE_VIEWER);
	assert_int_equal(decoded.request.bootstrap->ttl_s, NUMBER_NOT_SAID);
	close_decoded(&decoded);
}

static void says_where_a_fault_is(void **state)
{
	static const struct {
		const char *data, *text;
	} faults[] = {
		{"{" MINIMAL ",\"team\":{}}", "data.team: needs id or name"},
		{"{" MINIMAL ",\"service_account\":{\"id\":0}}",
		 "data.service_account.id: must be from 1 to 9223372036854775807"},
		{"{" MINIMAL ",\"token\":{}}", "data.token: needs id or name"},
		{"{" MINIMAL ",\"api_key\":7}", "data.api_key: must be an object, is an integer"},
		{"{" MINIMAL ",\"folder\":{}}", "data.folder: needs uid or title"},
		{"{" MINIMAL ",\"folder\":{\"uid\":\"a b\"}}",
		 "data.folder.uid: may have only letters, digits, '-' and '_'"},
		{"{" MINIMAL ",\"dashboard\":{}}", "data.dashboard.title: missing"},
		{"{" MINIMAL ",\"dashboard\":{\"title\":5}}",
		 "data.dashboard.title: must be a string, is an integer"},
		{"{" MINIMAL ",\"dashboard\":{\"title\":\"T\",\"uid\":\"a/b\"}}",
		 "data.dashboard.uid: may have only letters, digits, '-' and '_'"},
		{"{" MINIMAL ",\"dashboard\":[]}", "data.dashboard: must be an object, is an array"},
		{"{" MINIMAL ",\"bootstrap\":[]}", "data.bootstrap: must be an object, is an array"},
		{"{" MINIMAL ",\"bootstrap\":{\"admins\":7}}", "data.bootstrap.admins: must be an array"},
		{"{" MINIMAL ",\"bootstrap\":{\"admins\":[{\"login\":\"a\"},7]}}",
		 "data.bootstrap.admins[1]: must be an object"},
		{"{" MINIMAL ",\"bootstrap\":{\"admins\":[{\"login\":\"\"}]}}",
		 "data.bootstrap.admins[0].login: must not be empty"},
		{"{" MINIMAL ",\"bootstrap\":{\"folders\":[{\"title\":\"F\",\"dashboards\":[{}]}]}}",
		 "data.bootstrap.folders[0].dashboards[0].title: missing"},
		{"{" MINIMAL ",\"bootstrap\":{\"service_account\":{\"name\":\"s\",\"role\":\"Boss\"}}}",
		 "data.bootstrap.service_account.role: must be Viewer, Editor, Admin or None"},
		{"{" MINIMAL ",\"force\":\"yes\"}", "data.force: must be a boolean, is a string"},
		{"{" MINIMAL ",\"ttl_s\":5,\"never_expires\":true}",
		 "data: ttl_s and never_expires are both said; say one"},
		{"{" MINIMAL ",\"delivery\":\"owl\"}",
		 "data.delivery: \"owl\" is not known; must be \"mail\" or \"link\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		struct decoded decoded;

		open_decoded(&decoded, faults[i].data);
		assert_int_equal(decoded.rc, -1);
		assert_int_equal(decoded.reason, REASON_REQUEST_INVALID);
		assert_string_equal(decoded.err.text, faults[i].text);
		close_decoded(&decoded);
	}
}

static void what_is_not_said_has_its_default(void **state)
{
	struct decoded decoded;
	const struct request *request = &decoded.request;

	(void)state;
	open_decoded(&decoded, "{" MINIMAL ",\"org\":null,\"user\":null,\"role\":null,\"deadline\":null,"
				       "\"approved_by\":null,\"if_no_account\":null,\"reason\":null}");
	assert_int_equal(decoded.rc, 0);
	assert_true(request->org.id == 0);
	assert_null(request->org.name);
	assert_null(request->user.login);
	assert_int_equal(request->role, ROLE_UNSET);
	assert_int_equal(request->expected_role, ROLE_UNSET);
	assert_int_equal(request->if_no_account, IF_NO_ACCOUNT_FAIL);
	assert_int_equal(request->on_existing, ON_EXISTING_KEEP);
	assert_true(request->deadline_ms == 0);
	assert_int_equal(request->approver_count, 0);
	assert_null(request->reason);
	close_decoded(&decoded);
}

static void a_bad_request_still_says_whom_it_is_about(void **state)
{
	struct decoded decoded;

	(void)state;
	open_decoded(&decoded, "{" MINIMAL ",\"role\":7,\"user\":{\"email\":\"x@y\"},"
				       "\"requested_by\":\"ada\",\"ticket\":\"T-1\"}");
	assert_int_equal(decoded.rc, -1);
	assert_int_equal(decoded.reason, REASON_REQUEST_INVALID);
	assert_int_equal(decoded.err.kind, ERROR_REFUSED);
	assert_string_equal(decoded.err.text, "data.role: must be a string, is an integer");
	assert_string_equal(decoded.request.action, "a.b");
	assert_string_equal(decoded.request.instance, "main");
	assert_string_equal(decoded.request.user.email, "x@y");
	assert_string_equal(decoded.request.requested_by, "ada");
	assert_string_equal(decoded.request.ticket, "T-1");
	close_decoded(&decoded);
}

static void a_deadline_long_gone_is_still_a_deadline(void **state)
{
	struct decoded decoded;

	(void)state;
	open_decoded(&decoded, "{" MINIMAL ",\"deadline\":\"1970-01-01T00:00:00Z\"}");
	assert_int_equal(decoded.rc, 0);
	assert_true(decoded.request.deadline_ms == 1);
	close_decoded(&decoded);
}

static void the_future_begins_after_the_limit(void **state)
{
	struct decoded decoded;
	struct request request;
	enum reason reason;

	(void)state;
	open_decoded(&decoded, "{" MINIMAL "}");
	decoded.event.time_ms = SUPPORT_NOW_MS + INT64_C(24) * 3600 * 1000;
	assert_int_equal(request_decode(&decoded.event, SUPPORT_NOW_MS, &request, &reason, NULL), 0);
	request_clear(&request);
	decoded.event.time_ms++;
	assert_int_equal(request_decode(&decoded.event, SUPPORT_NOW_MS, &request, &reason, NULL), -1);
	assert_int_equal(reason, REASON_REQUEST_INVALID);
	request_clear(&request);
	close_decoded(&decoded);
}

static void assert_fingerprint(const char *data, const char *expected)
{
	struct decoded decoded;

	open_decoded(&decoded, data);
	assert_string_equal(decoded.request.fingerprint, expected);
	close_decoded(&decoded);
}

/* SHA-256 of the type, a line feed and the data with sorted names and no spaces. */
static void fingerprint_looks_at_meaning_only(void **state)
{
	static const char expected[] = "151e1d19439b05ba6ed446d29f24bf77b8fba9a1531671a416743e2d50805c1c";

	(void)state;
	assert_fingerprint("{\"action\":\"a.b\",\"instance\":\"main\",\"user\":{\"email\":\"x@y\",\"login\":\"x\"}}",
			   expected);
	assert_fingerprint("{ \"user\": {\"login\":\"\\u0078\", \"email\":\"x@y\"},\n\"instance\":\"main\","
			   " \"action\":\"a.b\" }",
			   expected);
}

static void fingerprint_differs_with_any_content(void **state)
{
	struct decoded one, other;

	(void)state;
	open_decoded(&one, "{" MINIMAL ",\"unknown\":1}");
	open_decoded(&other, "{" MINIMAL ",\"unknown\":2}");
	assert_string_not_equal(one.request.fingerprint, other.request.fingerprint);
	close_decoded(&one);
	close_decoded(&other);
}

static void deep_nesting_in_an_unknown_field_does_no_harm(void **state)
{
	enum { DEPTH = 1000 };
	static const char open[] = "{\"b\":[", shut[] = "]}", head[] = "{" MINIMAL ",\"unknown\":";
	static char data[sizeof(head) + DEPTH * (sizeof(open) + sizeof(shut)) + 10];
	struct decoded decoded;
	size_t at = sizeof(head) - 1;

	(void)state;
	memcpy(data, head, at);
	for (int i = 0; i < DEPTH; i++, at += sizeof(open) - 1)
		memcpy(data + at, open, sizeof(open) - 1);
	for (int i = 0; i < DEPTH; i++, at += sizeof(shut) - 1)
		memcpy(data + at, shut, sizeof(shut) - 1);
	data[at] = '}';
	open_decoded(&decoded, data);
	assert_int_equal(decoded.rc, 0);
	close_decoded(&decoded);
}

static void an_event_without_data_gives_its_addressing(void **state)
{
	const struct cloudevent event = {.id = "req-1", .source = "/portal"};
	struct request request;

	(void)state;
	request_from_event(&event, &request);
	assert_string_equal(request.id, "req-1");
	assert_string_equal(request.source, "/portal");
	assert_null(request.subject);
	assert_null(request.action);
	assert_string_equal(request.fingerprint, "18ad86207ce8c039e972a055c7c5c4efefe481b1dd78a33579ab5423d4fde914");
	request_clear(&request);
	request_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(reads_what_other_things_are_named_by),
		cmocka_unit_test(reads_what_an_org_begins_with),
		cmocka_unit_test(says_where_a_fault_is),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(a_bad_request_still_says_whom_it_is_about),
		cmocka_unit_test(a_deadline_long_gone_is_still_a_deadline),
		cmocka_unit_test(the_future_begins_after_the_limit),
		cmocka_unit_test(fingerprint_looks_at_meaning_only),
		cmocka_unit_test(fingerprint_differs_with_any_content),
		cmocka_unit_test(deep_nesting_in_an_unknown_field_does_no_harm),
		cmocka_unit_test(an_event_without_data_gives_its_addressing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
