/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.c - what consumer and producers have in common: configuration, logging, sending.
 */
#include "worker/kafka.h"

#include <librdkafka/rdkafka.h>

enum { METADATA_TIMEOUT_MS = 5000 };

static int set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
			struct error *err)
{
	char text[256];

	if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
		return 0;
	/* librdkafka's text may quote the value, which may be a password. */
	error_set(err, ERROR_FATAL, "kafka", 0, "[kafka] property.%s: librdkafka refuses it", name);
	return -1;
}

/* librdkafka's levels are those of syslog, whose header has other things under our names. */
static enum log_level level_of(int syslog_level)
{
	enum { SYSLOG_CRIT = 2, SYSLOG_NOTICE = 5 };

	if (syslog_level <= SYSLOG_CRIT)
		return LOG_ERROR;
	if (syslog_level <= SYSLOG_NOTICE)
		return LOG_WARN;
	return LOG_DEBUG;
}

static void log_line(const rd_kafka_t *kafka, int level, const char *facility,
		     const char *text)
{
	struct log *const *log = rd_kafka_opaque(kafka);

	log_write(*log, level_of(level), "librdkafka",
		  LOG_FIELDS(LOG_TEXT("client", rd_kafka_name(kafka)),
			     LOG_TEXT("facility", facility), LOG_TEXT("text", text)));
}

int kafka_conf_new(const struct settings *settings, const struct kafka_property *forced,
		   void *opaque, rd_kafka_conf_t **out, struct error *err)
{
	static const struct kafka_property ours[] = {
		{"client.id", "grantd"},
		/* Small requests must not wait for the next one (on by default until 2.10). */
		{"socket.nagle.disable", "true"},
		{"socket.keepalive.enable", "true"},
		/* Topics, partitions and rights that come later are noticed by looking again;
		 * librdkafka looks every five minutes. */
		{"topic.metadata.refresh.interval.ms", "10000"},
		{"log.connection.close", "false"},
		{"log.queue", "false"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = -1;

	for (size_t i = 0; i < ARRAY_COUNT(ours); i++)
		if (set_property(conf, ours[i].name, ours[i].value, err) < 0)
			goto out;
	if (set_property(conf, "bootstrap.servers", settings->kafka.brokers, err) < 0)
		goto out;
	for (size_t i = 0; i < settings->kafka.property_count; i++) {
		const struct property *property = &settings->kafka.properties[i];

		if (set_property(conf, property->name, property->value, err) < 0)
			goto out;
	}
	for (; forced->name != NULL; forced++)
		if (set_property(conf, forced->name, forced->value, err) < 0)
			goto out;
	rd_kafka_conf_set_opaque(conf, opaque);
	rd_kafka_conf_set_log_cb(conf, log_line);
	*out = conf;
	conf = NULL;
	rc = 0;
out:
	if (conf != NULL)
		rd_kafka_conf_destroy(conf);
	return rc;
}

void kafka_warm_topic(rd_kafka_t *kafka, const char *topic)
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(kafka, topic, NULL);

	if (handle == NULL)
		return;
	if (rd_kafka_metadata(kafka, 0, handle, &metadata, METADATA_TIMEOUT_MS) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(handle);
}

static rd_kafka_headers_t *copy_headers(const struct record *record)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);

	for (size_t i = 0; i < record->header_count; i++)
		rd_kafka_header_add(headers, record->headers[i].name, -1,
				    record->headers[i].value,
				    (ssize_t)record->headers[i].value_bytes);
	return headers;
}

int kafka_produce(rd_kafka_t *kafka, const char *topic, const struct record *record)
{
	rd_kafka_headers_t *headers = copy_headers(record);
	/* As an array: the macros for variable arguments are not ISO C. */
	const rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {record->key, record->key_bytes}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {record->value, record->value_bytes}},
		{.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
	};
	rd_kafka_error_t *failed = rd_kafka_produceva(kafka, parts, ARRAY_COUNT(parts));
	rd_kafka_resp_err_t code = rd_kafka_error_code(failed);

	if (failed == NULL)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_error_destroy(failed);
	/* They are taken over only on success, and freed with the error for a partition
	 * that is unknown (a defect until 2.12): then it is better to lose than to free twice. */
	if (code != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
		rd_kafka_headers_destroy(headers);
	return code;
}
