/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_request.c - any bytes as the value of a structured-mode record, through
 * cloudevent_decode() and request_decode(), and back out as an outcome.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/cloudevent.h"
#include "codec/outcome.h"
#include "codec/request.h"

static const int64_t now_ms = INT64_C(1795341600000);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_outcome(const struct request *request, const struct error *err)
{
	const struct outcome_frame frame = {.request = request,
					    .topic = "t",
					    .event_source = "/grantd/g",
					    .worker_id = "w",
					    .worker_version = "0",
					    .mode = CLOUDEVENT_STRUCTURED};
	struct outcome outcome = {.result = RESULT_REFUSED, .reason = REASON_REQUEST_INVALID};
	struct record record;

	memcpy(outcome.message, err->text, sizeof(err->text));
	outcome_encode(&outcome, &frame, &record);
	assert(record.value_bytes > 2 && record.value[record.value_bytes - 1] == '}');
	record_clear(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char type[] = "application/cloudevents+json";
	const struct header_view header = {"content-type", {type, sizeof(type) - 1}};
	const struct record_view view = {.topic = "t",
					 .value = {(const char *)data, size},
					 .headers = &header,
					 .header_count = 1};
	struct cloudevent event;
	struct request request = {0};
	struct error err = {0};
	enum reason reason = REASON_OK;

	if (cloudevent_decode(&view, &event, &err) < 0) {
		assert(err.kind == ERROR_POISON && event.error_class != NULL && event.data == NULL);
		request_from_event(&event, &request);
	} else if (request_decode(&event, now_ms, &request, &reason, &err) < 0) {
		assert(err.kind == ERROR_REFUSED && reason != REASON_OK);
	} else {
		assert(request.action != NULL && request.instance != NULL && request.id != NULL);
	}
	encode_outcome(&request, &err);
	request_clear(&request);
	cloudevent_clear(&event);
	return 0;
}
