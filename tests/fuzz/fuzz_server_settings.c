/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_server_settings.c - any bytes as what a Grafana says its settings are: they are read
 * within bounds, and the doctor's rules put to them find no more than there is room for.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ctl/doctor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct diagnosis *diagnosis)
{
	assert(diagnosis->count < DIAGNOSIS_MOST);
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct finding *finding = &diagnosis->findings[i];

		assert(memchr(finding->fact, '\0', sizeof(finding->fact)) != NULL);
		assert(finding->fact[0] != '\0' && strchr(finding->fact, '\n') == NULL);
		assert(finding_change(finding)[0] != '\0');
		assert(i == 0 || finding[-1].rule->severity >= finding->rule->severity);
	}
}

/* The first byte is the version's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char none[] = "";
	struct settings settings = {.tokens = {.ttl_s = 86400, .max_ttl_s = 864000, .never_expiring = 1}};
	struct instance_settings instance = {.user = none, .token = none, .service_account = none};
	struct patient patient = {.settings = &settings, .instance = &instance};
	struct server_settings *ini;
	struct diagnosis *diagnosis;
	int64_t seconds;

	if (size == 0)
		return 0;
	ini = server_settings_parse((const char *)data + 1, size - 1);
	if (ini == NULL)
		return 0;
	seconds = server_settings_seconds(ini, "auth", "login_maximum_lifetime_duration", -1);
	assert(seconds >= -1 && seconds <= INT64_C(100) * 366 * 86400);
	patient.ini = ini;
	patient.server.major = data[0] % 16;
	diagnosis = mem_zalloc(sizeof(*diagnosis));
	doctor_examine(&patient, diagnosis);
	check(diagnosis);
	free(diagnosis);
	server_settings_free(ini);
	return 0;
}
