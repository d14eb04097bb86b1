/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_together.c - what must hold between settings.
 *
 * Called by settings.c when each value is good by itself. A fault stands at the
 * one setting and names the other with its place and value.
 */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "config/draft.h"
#include "config/settings.h"
#include "config/settings_check.h"

enum { CALLS_OF_A_STEP = 3, SECTION_CAPACITY = 128 };

struct quantity { /* one number and its name */
	const char *section;
	const char *name;
	int64_t value;
};

/* 'big' must not be below 'times' x 'small'. */
static void check_not_below(const struct draft *draft, struct quantity big, int64_t times,
			    struct quantity small)
{
	char place[DRAFT_PLACE_CAPACITY], factor[32] = "";

	if (big.value >= times * small.value)
		return;
	if (times != 1)
		text_format(factor, sizeof(factor), "%" PRId64 " x ", times);
	draft_place(draft, small.section, small.name, place);
	draft_fault(draft, big.section, big.name, "%" PRId64 " is below %s[%s] %s, %" PRId64 " (%s)",
		    big.value, factor, small.section, small.name, small.value, place);
}

static void check_pair(const struct draft *draft, const char *section, const char *set,
		       const char *missing)
{
	draft_fault(draft, section, set, "needs [%s] %s, which is not set", section, missing);
}

static void check_credentials(const struct draft *draft, const char *section,
			      const struct instance_settings *instance)
{
	static const char *const others[] = {"user", "password"};

	/* It lifted their requirement, and then expanded to nothing. With other faults
	 * about it may have had a value that was refused. */
	if (draft->faults->count == 0 && instance->token[0] == '\0' &&
	    instance->user[0] == '\0')
		draft_fault(draft, section, "token", "is empty, and there is no user");
	if (instance->token[0] == '\0')
		return;
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		char place[DRAFT_PLACE_CAPACITY];

		if (draft_find(draft, section, others[i]) == NULL)
			continue;
		draft_place(draft, section, others[i], place);
		draft_fault(draft, section, "token", "is set, and so is [%s] %s (%s); set one",
			    section, others[i], place);
		return;
	}
}

static void check_instance(const struct settings *settings, const struct draft *draft,
			   const struct instance_settings *instance)
{
	char section[SECTION_CAPACITY];
	bool has_cert = instance->client_cert_file[0] != '\0';
	bool has_key = instance->client_key_file[0] != '\0';

	text_format(section, sizeof(section), "grafana.%s", instance->name);
	/* A lease that ends while a step's calls are under way lets a second worker in. */
	check_not_below(draft, (struct quantity){"worker", "lease_ms", settings->worker.lease_ms},
			CALLS_OF_A_STEP,
			(struct quantity){section, "request_timeout_ms",
					  instance->request_timeout_ms});
	check_not_below(draft,
			(struct quantity){section, "request_timeout_ms",
					  instance->request_timeout_ms},
			1,
			(struct quantity){section, "connect_timeout_ms",
					  instance->connect_timeout_ms});
	check_credentials(draft, section, instance);
	if (has_cert && !has_key)
		check_pair(draft, section, "client_cert_file", "client_key_file");
	if (has_key && !has_cert)
		check_pair(draft, section, "client_key_file", "client_cert_file");
}

static void check_topics(const struct settings *settings, const struct draft *draft)
{
	const struct {
		const char *name;
		const char *topic;
	} topics[] = {
		{"requests_topic", settings->kafka.requests_topic},
		{"outcomes_topic", settings->kafka.outcomes_topic},
		{"credentials_topic", settings->kafka.credentials_topic},
		{"inventory_topic", settings->kafka.inventory_topic},
		{"dead_letter_topic", settings->kafka.dead_letter_topic},
	};

	for (size_t i = 1; i < ARRAY_COUNT(topics); i++) {
		for (size_t k = 0; k < i; k++) {
			char place[DRAFT_PLACE_CAPACITY];

			if (strcmp(topics[i].topic, topics[k].topic) != 0)
				continue;
			draft_place(draft, "kafka", topics[k].name, place);
			draft_fault(draft, "kafka", topics[i].name,
				    "'%s' is the topic of [kafka] %s as well (%s)",
				    topics[i].topic, topics[k].name, place);
		}
	}
}

void settings_check_together(const struct settings *settings, const struct draft *draft)
{
	check_topics(settings, draft);
	check_not_below(draft,
			(struct quantity){"worker", "max_in_flight",
					  settings->worker.max_in_flight},
			1, (struct quantity){"worker", "threads", settings->worker.threads});
	check_not_below(draft,
			(struct quantity){"worker", "retry_max_ms", settings->worker.retry_max_ms},
			1,
			(struct quantity){"worker", "retry_base_ms",
					  settings->worker.retry_base_ms});
	check_not_below(draft,
			(struct quantity){"tokens", "max_ttl_s", settings->tokens.max_ttl_s}, 1,
			(struct quantity){"tokens", "ttl_s", settings->tokens.ttl_s});
	for (size_t i = 0; i < settings->instance_count; i++)
		check_instance(settings, draft, &settings->instances[i]);
}
