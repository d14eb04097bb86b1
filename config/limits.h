/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_LIMITS_H
#define CONFIG_LIMITS_H

/*
 * A named bound for everything that comes from outside. Lengths are in bytes
 * without the terminating NUL.
 */
enum {
	LIMIT_RECORD_VALUE_BYTES = 1024 * 1024, /* a longer request is dead-lettered */
	LIMIT_HEADERS = 64,			/* of one record */
	LIMIT_TOPIC_BYTES = 249,		/* Kafka's own */

	LIMIT_EVENT_ID_BYTES = 256,
	LIMIT_EVENT_SOURCE_BYTES = 256,
	LIMIT_EVENT_SUBJECT_BYTES = 256,
	LIMIT_EVENT_TYPE_BYTES = 128,
	LIMIT_TRACEPARENT_BYTES = 128,

	LIMIT_ACTION_BYTES = 64,
	LIMIT_INSTANCE_BYTES = 64,
	LIMIT_LOGIN_BYTES = 190, /* Grafana's columns are 190 wide */
	LIMIT_EMAIL_BYTES = 190,
	LIMIT_NAME_BYTES = 190,
	LIMIT_ORG_NAME_BYTES = 190,
	LIMIT_UID_BYTES = 40, /* of a folder or dashboard */
	LIMIT_DASHBOARD_BYTES = 512 * 1024,
	LIMIT_DASHBOARD_DEPTH = 100,
	LIMIT_DASHBOARD_TITLE_BYTES = 190, /* 189 characters in Grafana's column */
	LIMIT_BOOTSTRAP_ADMINS = 16,
	LIMIT_BOOTSTRAP_FOLDERS = 16,
	LIMIT_BOOTSTRAP_DASHBOARDS = 32, /* in all folders */
	LIMIT_TTL_S = 10 * 366 * 24 * 3600, /* of a token */
	LIMIT_PERSON_BYTES = 256, /* requested_by, approved_by */
	LIMIT_APPROVERS = 16,
	LIMIT_REASON_BYTES = 1024,
	LIMIT_TICKET_BYTES = 256,
	LIMIT_DURATION_S = 366 * 24 * 3600,
	LIMIT_GRANTS = 64, /* time-bound ones of one thing to one person, at one time */
	LIMIT_FUTURE_S = 24 * 3600, /* how far ahead an event's time may be */

	LIMIT_INVITE_CODE_BYTES = 190,
	LIMIT_INVITE_LINK_BYTES = 2048,

	LIMIT_REPLY_BYTES = 16 * 1024 * 1024, /* of one Grafana answer */
	LIMIT_LIST_OBJECT_BYTES = 64 * 1024, /* of one entry of a list that is read as it comes */
	LIMIT_LIST_PAGES = 10000,
	LIMIT_ORGS = 100000, /* of one Grafana, in a snapshot */
	LIMIT_MEMBERSHIPS = 2000000, /* likewise */
	LIMIT_REPLY_MESSAGE_BYTES = 255,
	LIMIT_MESSAGE_ID_BYTES = 95,

	LIMIT_OUTCOME_BYTES = 64 * 1024,
	LIMIT_SEALED_BYTES = 4096,
	LIMIT_INTENT_BYTES = 8192,
	LIMIT_COMMIT_METADATA_BYTES = 4096, /* Kafka's offset.metadata.max.bytes */

	LIMIT_INSTANCES = 256,
	LIMIT_RULES = 256, /* of the policy */
	LIMIT_CONFIG_VALUE_BYTES = 8192,
	LIMIT_CONFIG_FILE_BYTES = 1024 * 1024,
	LIMIT_PROPERTIES = 256, /* of librdkafka */
	LIMIT_PASSWORD_MIN = 12,
	LIMIT_PASSWORD_MAX = 128,
};

#endif
