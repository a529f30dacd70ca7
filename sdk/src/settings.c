/* SPDX-License-Identifier: Apache-2.0
 *
 * Options before the environment before the profile's files.
 */
#include "settings.h"

#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX (1u << 20)
#define CONNECT_MS 5000
#define READ_MS 60000
#define ATTEMPTS 3
#define ATTEMPTS_MAX 20
#define ANSWER_BYTES_MAX ((size_t)256 << 20)

/* The first of them that is set. */
static const char *first_of(const char *one, const char *other, const char *last)
{
    const char *found = one != NULL && *one != '\0' ? one : other;

    return found != NULL ? found : last;
}

static void set(char *to, size_t bytes, const char *text)
{
    if (text != NULL) {
        (void)snprintf(to, bytes, "%s", text);
    }
}

static void set_text(char *to, size_t bytes, struct weir_text text)
{
    if (text.at != NULL && text.bytes < bytes) {
        memcpy(to, text.at, text.bytes);
        to[text.bytes] = '\0';
    }
}

static void read_file(struct weir_buf *buf, const char *variable, const char *name)
{
    const char *given = weir_env(variable);
    const char *home = weir_env("HOME");
    char path[WEIR_URL_BYTES_MAX];

    (void)snprintf(path, sizeof path, "%s/.aws/%s", home == NULL ? "" : home, name);
    if ((given != NULL || home != NULL) && !weir_file_read(given != NULL ? given : path, buf)) {
        weir_buf_clear(buf);
    }
}

/* ---- profiles ---- */

/* "[profile x]" or "[x]": x. */
static struct weir_text section_name(struct weir_text line)
{
    struct weir_text name = {line.at + 1, line.bytes - 1};

    name = weir_text_trim(weir_text_split(&name, ']'));
    if (weir_text_starts(name, "profile ")) {
        name = weir_text_trim((struct weir_text){name.at + 8, name.bytes - 8});
    }
    return name;
}

struct weir_text weir_profile_get(struct weir_text file, const char *profile, const char *key)
{
    struct weir_text found = WEIR_NONE;
    bool inside = false;

    while (file.at != NULL) {
        struct weir_text line = weir_text_split(&file, '\n');
        bool is_nested = line.bytes > 0 && (line.at[0] == ' ' || line.at[0] == '\t');
        line = weir_text_trim(line);
        if (line.bytes == 0 || line.at[0] == '#' || line.at[0] == ';' || is_nested) {
            continue;
        }
        if (line.at[0] == '[') {
            inside = weir_text_is(section_name(line), profile);
            continue;
        }
        struct weir_text value = line;
        struct weir_text name = weir_text_trim(weir_text_split(&value, '='));
        if (inside && value.at != NULL && weir_text_same(name, weir_text(key))) {
            found = weir_text_trim(value);
        }
    }
    return found;
}

/* ---- all of it ---- */

static int attempts_of(const struct weir_aws_options *options)
{
    const char *said = weir_env("AWS_MAX_ATTEMPTS");
    int64_t attempts = options->max_attempts;

    if (attempts <= 0 && (said == NULL || !weir_json_int(weir_text(said), &attempts))) {
        attempts = ATTEMPTS;
    }
    return attempts < 1 ? 1 : attempts > ATTEMPTS_MAX ? ATTEMPTS_MAX : (int)attempts;
}

bool weir_settings_init(struct weir_settings *s, const struct weir_aws_options *options)
{
    struct weir_aws_options none = {.region = NULL};
    const struct weir_aws_options *o = options == NULL ? &none : options;

    memset(s, 0, sizeof *s);
    weir_buf_init(&s->config, FILE_BYTES_MAX);
    weir_buf_init(&s->shared, FILE_BYTES_MAX);
    read_file(&s->config, "AWS_CONFIG_FILE", "config");
    read_file(&s->shared, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    set(s->profile, sizeof s->profile, first_of(o->profile, weir_env("AWS_PROFILE"), "default"));
    set_text(s->region, sizeof s->region,
             weir_profile_get(weir_buf_text(&s->config), s->profile, "region"));
    set(s->region, sizeof s->region,
        first_of(o->region, weir_env("AWS_REGION"), weir_env("AWS_DEFAULT_REGION")));
    set_text(s->endpoint, sizeof s->endpoint,
             weir_profile_get(weir_buf_text(&s->config), s->profile, "endpoint_url"));
    set(s->endpoint, sizeof s->endpoint, o->endpoint);
    s->endpoint_given = o->endpoint != NULL;
    set(s->given.access_key_id, sizeof s->given.access_key_id, o->access_key_id);
    set(s->given.secret_access_key, sizeof s->given.secret_access_key, o->secret_access_key);
    set(s->given.session_token, sizeof s->given.session_token, o->session_token);
    s->tls = o->tls;
    s->patience.connect_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_MS;
    s->patience.read_ms = o->read_timeout_ms > 0 ? o->read_timeout_ms : READ_MS;
    s->answer_bytes_max = o->answer_bytes_max > 0 ? o->answer_bytes_max : ANSWER_BYTES_MAX;
    s->max_attempts = attempts_of(o);
    s->unsigned_calls = o->unsigned_calls;
    return !s->config.failed && !s->shared.failed;
}

void weir_settings_done(struct weir_settings *settings)
{
    weir_buf_done(&settings->config);
    weir_buf_done(&settings->shared);
}
