/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "base/buffer.h"
#include "config/settings.h"
#include "grafana/rights.h"
#include "grafana/server.h"
#include "grafana/server_settings.h"

/* What is known of one Grafana, and of our own settings. */
struct patient {
	const struct settings *settings;
	const struct instance_settings *instance;
	struct grafana_server server;
	struct grafana_rights rights;
	const struct server_settings *ini; /* NULL: we may not read them */
	enum server_fact default_org;	   /* is there the org that new accounts get? */
};

/* error: requests fail, or what they did does not last. warn: some requests end otherwise
 * than their senders may think. info: good to know. */
enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_ERROR };
const char *severity_name(enum severity severity);

struct diagnosis;

/* Something that bites. Ids are a contract with scripts: never reworded, only added to. */
struct doctor_rule {
	const char *id;
	enum severity severity;
	const char *consequence; /* for grantd, in a sentence */
	const char *change;	 /* the setting, Grafana's or ours */
	/* Adds a finding for each thing it finds. */
	void (*check)(const struct patient *patient, const struct doctor_rule *rule,
		      struct diagnosis *diagnosis);
	/* Without check(): the key that has to be a yes. */
	const char *section, *key;
};

struct finding {
	const struct doctor_rule *rule;
	char fact[320];
	char change[256]; /* "" = the rule's */
};

enum { DIAGNOSIS_MOST = 64 };
struct diagnosis {
	struct finding findings[DIAGNOSIS_MOST]; /* worst first */
	size_t count;
};

/* All rules, in the order in which they are documented. */
extern const struct doctor_rule doctor_rules[];
extern const size_t doctor_rule_count;

/* Pure: asks nobody. */
void doctor_examine(const struct patient *patient, struct diagnosis *diagnosis);

/* For checks. NULL when there is no room, which the rules cannot fill. */
struct finding *diagnosis_add(struct diagnosis *diagnosis, const struct doctor_rule *rule,
			      const char *format, ...) PRINTF_LIKE(3, 4);
const char *finding_change(const struct finding *finding);

/* The check of roles that come from elsewhere; doctor_sync.c. */
void doctor_check_sync(const struct patient *patient, const struct doctor_rule *rule,
		       struct diagnosis *diagnosis);

/* docs/doctor.md */
void doctor_write_list(struct buffer *out);

#endif
