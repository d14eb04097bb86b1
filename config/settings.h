/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/log.h"

/*
 * What grantd is told at start; const ever after. Strings are owned by the
 * struct and never NULL ("" = not set). Defaults, bounds and help of each member
 * are one row of the table in settings_table.c.
 */
struct property { /* one librdkafka property, passed through as it is */
	char *name;
	char *value;
};

/* How a user and a password are shown to Grafana. */
enum instance_auth { AUTH_SESSION, AUTH_BASIC };

struct instance_settings { /* one [grafana.NAME] */
	char *name;
	char *url; /* may have a sub-path; no trailing slash */
	char *user;	/* "" when there is a token */
	char *password; /* secret; likewise */
	char *token;	/* secret: of a service account; "" = user and password */
	char *service_account; /* name or login of that one; "" = Grafana may tell */
	int64_t auth;	/* enum instance_auth */
	char *ca_file;
	char *client_cert_file;
	char *client_key_file;
	char *proxy;
	int64_t connect_timeout_ms;
	int64_t request_timeout_ms;
	int64_t concurrency; /* 0 = found by trying, up to max_concurrency */
	int64_t max_concurrency;
	int64_t rate_per_s;	      /* 0 = no limit */
	int64_t unauthorized_wait_ms; /* after a 401 nothing is sent for this long */
	int64_t org_cache_ms;	      /* how long an org's name -> id is trusted */
	int64_t version_check_ms;     /* how often an upgrade is looked for; 0 = never */
};

struct rule_settings { /* one [policy.NAME]; lists of globs, separated by commas */
	char *name;
	char *requesters;
	char *actions;
	char *instances;
	char *orgs;
	char *roles;
	char *time_bound;	/* roles that may be given for a time only */
	int64_t max_duration_s; /* 0 = no limit */
};

enum event_mode { EVENT_BINARY, EVENT_STRUCTURED };

struct settings {
	struct {
		char *brokers;
		char *group;
		char *requests_topic;
		char *outcomes_topic;
		char *inventory_topic;
		char *credentials_topic;
		char *dead_letter_topic;
		int64_t transaction_timeout_ms;
		struct property *properties;
		size_t property_count;
	} kafka;
	struct {
		char *url; /* secret: may carry a password */
		char *key_prefix;
		char *ca_file;
		int64_t timeout_ms;
		int64_t horizon_s; /* how long a request id is remembered */
		int64_t wait_replicas;
		int64_t wait_replicas_ms;
		int64_t epoch_skew_ms; /* records this much younger than the epoch still count as older */
	} redis;
	struct {
		int64_t every; /* seconds; 0 = off */
	} inventory;
	struct {
		char *id; /* stable per replica; default: the host name */
		int64_t threads;
		int64_t max_in_flight;
		int64_t lease_ms;
		int64_t drain_ms;
		int64_t deadline_s; /* give up a request after this; 0 = never */
		int64_t retry_base_ms;
		int64_t retry_max_ms;
	} worker;
	struct {
		int64_t max_delay_ms;
		int64_t max_events;
		int64_t mode; /* enum event_mode */
		char *source;	      /* of the events we publish; default /grantd/<group> */
	} publish;
	struct {
		char *key_file; /* public P-256 JWK; "" = no secrets can be made */
		char *path_prefix; /* hint for the vault: <prefix>/<instance>/<login> */
		int64_t password_length;
	} vault;
	struct {
		int64_t ttl_s;	   /* where a request says none */
		int64_t max_ttl_s;
		int64_t never_expiring; /* 1: a request may ask for it */
		int64_t overlap_s; /* of a rotation, where a request says none */
	} tokens;
	struct {
		char *actions, *instances, *orgs, *roles, *time_bound; /* as in a rule */
		int64_t max_duration_s;
		char *protected_users;
		int64_t max_removals_per_minute; /* 0 = no limit */
	} policy;
	struct {
		char *listen; /* host:port; "" = off */
	} http;
	struct {
		int64_t level; /* enum log_level */
	} log;
	struct instance_settings *instances;
	size_t instance_count;
	struct rule_settings *rules; /* in the order of the file */
	size_t rule_count;
};

/* All faults of a configuration, one per line: "grantd.ini:12: [worker] threads:
 * 5000 is above 1024". Never quotes the value of a secret. */
struct faults {
	struct buffer text;
	size_t count;
};

void faults_init(struct faults *faults);
void faults_clear(struct faults *faults);

/*
 * Defaults, then the file (path NULL: none), then the environment
 * (GRANTD_SECTION_KEY; GRANTD_GRAFANA_<NAME>_KEY for instances and
 * GRANTD_POLICY_<NAME>_KEY for rules, which may come from the environment alone;
 * GRANTD_KAFKA_PROPERTY_<NAME_WITH_UNDERSCORES>).
 * $__file{path} and $__env{NAME} are expanded in values. Returns 0, or -1 with
 * every fault listed; *settings is then empty. The caller owns *settings.
 */
MUST_CHECK int settings_load(const char *path, char *const *environment,
			     struct settings *settings, struct faults *faults);
/* The same from bytes already read; 'name' is what faults call it. */
MUST_CHECK int settings_parse(const char *name, const char *text, size_t length,
			      char *const *environment, struct settings *settings,
			      struct faults *faults);
void settings_clear(struct settings *settings); /* wipes what is secret */

const struct instance_settings *settings_instance(const struct settings *settings,
						  const char *name);

/* Every setting with type, bounds, default and help, from the table: an INI file,
 * which is grantd.example.ini byte for byte. */
void settings_print_help(FILE *out);
/* As an INI file; secrets, and users and options of URLs, as "***". */
void settings_print(const struct settings *settings, FILE *out);

#endif
