/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_SETTINGS_CHECK_H
#define CONFIG_SETTINGS_CHECK_H

struct draft;
struct settings;

/*
 * settings_check.c and, for the lists of the policy, policy_list.c.
 *
 * The shape of one value that is not empty. NULL, or what is wrong with it in
 * words that continue "[section] name: ". The words never quote the value.
 */
const char *check_brokers(const char *value);
const char *check_grafana_url(const char *value);
const char *check_globs(const char *value);
const char *check_listen(const char *value);
const char *check_orgs(const char *value);
const char *check_proxy_url(const char *value);
const char *check_redis_url(const char *value);
const char *check_roles(const char *value);
const char *check_topic(const char *value);
const char *check_user(const char *value);
const char *check_token(const char *value);
const char *check_word(const char *value); /* no blanks */
const char *check_worker_id(const char *value);

/* One librdkafka property: 'name' is without "property.". */
const char *check_property_name(const char *name);
const char *check_property_value(const char *name, const char *value);

/* settings_together.c: what must hold between settings; each breach becomes a fault of the
 * draft. */
void settings_check_together(const struct settings *settings, const struct draft *draft);

#endif
