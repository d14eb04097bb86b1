/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.c - what consumer and producer have in common: configuration and logging.
 */
#include "worker/kafka.h"

#include <librdkafka/rdkafka.h>
#include <syslog.h>

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

static enum log_level level_of(int syslog_level)
{
	if (syslog_level <= LOG_CRIT)
		return (enum log_level)0;
	if (syslog_level <= LOG_NOTICE)
		return (enum log_level)1;
	return (enum log_level)3;
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
