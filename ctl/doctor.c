/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - the rules put to one Grafana, and their list for people.
 *
 * Called by cmd_doctor.c. Owns nothing; asks nobody. What the rules are is
 * doctor_rules.c's.
 */
#include "ctl/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_INFO] = "info", [SEVERITY_WARN] = "warn", [SEVERITY_ERROR] = "error"};

	return names[severity];
}

struct finding *diagnosis_add(struct diagnosis *diagnosis, const struct doctor_rule *rule,
			      const char *format, ...)
{
	struct finding *finding;
	va_list args;

	if (diagnosis->count == DIAGNOSIS_MOST)
		return NULL;
	finding = &diagnosis->findings[diagnosis->count++];
	*finding = (struct finding){.rule = rule};
	va_start(args, format);
	vsnprintf(finding->fact, sizeof(finding->fact), format, args);
	va_end(args);
	text_replace_control(finding->fact);
	return finding;
}

const char *finding_change(const struct finding *finding)
{
	return finding->change[0] != '\0' ? finding->change : finding->rule->change;
}

static void check_key(const struct patient *patient, const struct doctor_rule *rule,
		      struct diagnosis *diagnosis)
{
	if (patient->ini != NULL && server_settings_true(patient->ini, rule->section, rule->key))
		diagnosis_add(diagnosis, rule, "[%s] %s = %s", rule->section, rule->key,
			      server_settings_text(patient->ini, rule->section, rule->key));
}

/* Worst first, else in the order of the rules, which is that of the addresses. */
static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (a->rule->severity != b->rule->severity)
		return a->rule->severity > b->rule->severity ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return strcmp(a->fact, b->fact);
}

void doctor_examine(const struct patient *patient, struct diagnosis *diagnosis)
{
	diagnosis->count = 0;
	for (size_t i = 0; i < doctor_rule_count; i++) {
		const struct doctor_rule *rule = &doctor_rules[i];

		(rule->check != NULL ? rule->check : check_key)(patient, rule, diagnosis);
	}
	qsort(diagnosis->findings, diagnosis->count, sizeof(diagnosis->findings[0]), compare);
}

void doctor_write_list(struct buffer *out)
{
	buffer_append_text(
		out,
		"# What the doctor looks at\n"
		"\n"
		"`grantctl doctor` reads what each configured Grafana says of itself and names what will bite:\n"
		"the fact, what follows from it for grantd, and the setting to change. Ids are a contract: they\n"
		"are never reworded, only added to. It writes nothing, and ends with 1 when there is an `error`.\n"
		"This file is what `grantctl doctor --list` prints, made from the table in ctl/doctor_rules.c.\n"
		"\n"
		"| finding | severity | what follows | what to change |\n"
		"|---|---|---|---|\n");
	for (size_t i = 0; i < doctor_rule_count; i++)
		buffer_append_format(out, "| `%s` | %s | %s | %s |\n", doctor_rules[i].id,
				     severity_name(doctor_rules[i].severity),
				     doctor_rules[i].consequence, doctor_rules[i].change);
}
