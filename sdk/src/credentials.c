/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain: what the caller gave, the environment, the profile's files, the container's address,
 * the instance's role. The first that has credentials is it. Those that expire are fetched again
 * five minutes before; when that fails, the old ones serve to their end.
 */
#include "settings.h"

#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define EARLY_MS 300000
#define ANSWER_BYTES_MAX (1u << 20)
#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"

static const struct weir_patience container_patience = {.connect_ms = 2000, .read_ms = 5000};
static const struct weir_patience instance_patience = {.connect_ms = 1000, .read_ms = 1000};

static bool keep(char *to, size_t bytes, struct weir_text text)
{
    if (text.at == NULL || text.bytes == 0 || text.bytes >= bytes) {
        return false;
    }
    memcpy(to, text.at, text.bytes);
    to[text.bytes] = '\0';
    return true;
}

/* False: key or secret are missing, or do not fit. */
static bool fill(struct weir_credentials *c, struct weir_text id, struct weir_text secret,
                 struct weir_text token)
{
    memset(c, 0, sizeof *c);
    return keep(c->access_key_id, sizeof c->access_key_id, id) &&
           keep(c->secret_access_key, sizeof c->secret_access_key, secret) &&
           (token.bytes == 0 || keep(c->session_token, sizeof c->session_token, token));
}

static bool from_environment(struct weir_credentials *c)
{
    return fill(c, weir_text(weir_env("AWS_ACCESS_KEY_ID")),
                weir_text(weir_env("AWS_SECRET_ACCESS_KEY")),
                weir_text(weir_env("AWS_SESSION_TOKEN")));
}

static bool from_file(struct weir_credentials *c, const struct weir_buf *file, const char *profile)
{
    struct weir_text text = weir_buf_text(file);

    return fill(c, weir_profile_get(text, profile, "aws_access_key_id"),
                weir_profile_get(text, profile, "aws_secret_access_key"),
                weir_profile_get(text, profile, "aws_session_token"));
}

/* ---- by HTTP ---- */

/* One small request; the body's text lies in `in`. WEIR_NONE: no answer, or not a good one. */
static struct weir_text fetch(const struct weir_url *url, const struct weir_tls *tls,
                              struct weir_patience patience, const char *head, struct weir_buf *in)
{
    struct weir_http_answer answer = {.status = 0};
    struct weir_link link;
    char why[256];

    if ((url->is_tls && tls == NULL) ||
        weir_link_open(url->host, url->port, patience, &link) != NET_OK) {
        return WEIR_NONE;
    }
    if (url->is_tls) {
        link.tls = tls;
        link.session = tls->open(link.fd, url->host, why, sizeof why);
    }
    if ((url->is_tls && link.session == NULL) ||
        weir_link_write(&link, weir_text(head)) != NET_OK ||
        weir_http_read(&link, in, false, &answer) != NET_OK) {
        answer.status = 0;
    }
    weir_link_close(&link);
    return answer.status == 200 ? answer.body : WEIR_NONE;
}

static bool read_document(struct weir_credentials *c, struct weir_text json)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "Token"};
    struct weir_text expiration = weir_json_get(json, "Expiration");
    struct weir_text texts[3];
    struct weir_buf scratch;
    bool good = weir_json_check(json);

    weir_buf_init(&scratch, WEIR_TOKEN_BYTES_MAX * 4);
    (void)weir_buf_need(&scratch, WEIR_TOKEN_BYTES_MAX * 2); /* so that texts stay where they are */
    for (unsigned i = 0; i < 3; i++) {
        texts[i] = weir_json_string(weir_json_get(json, names[i]), &scratch);
    }
    good = good && fill(c, texts[0], texts[1], texts[2]);
    if (good && !weir_moment_read(weir_json_string(expiration, &scratch), &c->expires_ms)) {
        c->expires_ms = 0;
    }
    weir_buf_done(&scratch);
    return good;
}

/* ---- containers ---- */

/* Without TLS only hosts that cannot be elsewhere. */
static bool is_near(const struct weir_url *url)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                        "localhost", "::1"};

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (strcmp(url->host, hosts[i]) == 0) {
            return true;
        }
    }
    return url->is_tls || weir_text_starts(weir_text(url->host), "127.");
}

/* The token is a variable's, or a file's that is read each time, for it changes. */
static bool add_token(struct weir_buf *head)
{
    const char *path = weir_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    struct weir_text token = weir_text(weir_env("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    struct weir_buf file;
    bool good = true;

    weir_buf_init(&file, WEIR_TOKEN_BYTES_MAX + 16384);
    if (path != NULL) {
        good = weir_file_read(path, &file);
        token = weir_text_trim(weir_buf_text(&file));
    }
    for (size_t i = 0; i < token.bytes; i++) {
        good = good && (unsigned char)token.at[i] >= ' ';
    }
    if (good && token.bytes > 0) {
        weir_buf_add_c(head, "Authorization: ");
        weir_buf_add_text(head, token);
        weir_buf_add_c(head, "\r\n");
    }
    weir_buf_done(&file);
    return good;
}

static bool from_container(struct weir_credentials *c, const struct weir_settings *settings)
{
    const char *relative = weir_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = weir_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char text[WEIR_URL_BYTES_MAX];
    char authority[WEIR_HOST_BYTES_MAX + 16];
    struct weir_url url;
    struct weir_buf head;
    struct weir_buf in;
    bool good;

    (void)snprintf(text, sizeof text, "%s%s", relative != NULL ? CONTAINER_HOST : "",
                   relative != NULL ? relative
                   : full != NULL   ? full
                                    : "");
    if (!weir_url_read(weir_text(text), &url) || !is_near(&url)) {
        return false;
    }
    weir_buf_init(&head, ANSWER_BYTES_MAX);
    weir_buf_init(&in, ANSWER_BYTES_MAX);
    weir_url_authority(&url, authority);
    weir_buf_add_c(&head, "GET ");
    weir_buf_add_c(&head, url.path[0] == '\0' ? "/" : url.path);
    weir_buf_printf(&head, " HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", authority);
    good = add_token(&head);
    weir_buf_add_c(&head, "\r\n");
    good = good && !head.failed &&
           read_document(c, fetch(&url, settings->tls, container_patience, head.at, &in));
    weir_buf_done(&head);
    weir_buf_done(&in);
    return good;
}

/* ---- instances ---- */

/* A request of the instance's metadata service with its session's token. */
static struct weir_text get_metadata(const struct weir_url *url, const char *token,
                                     const char *path, struct weir_buf *in)
{
    char authority[WEIR_HOST_BYTES_MAX + 16];
    char head[WEIR_URL_BYTES_MAX * 2];
    const char *method = token == NULL ? "PUT" : "GET";

    weir_url_authority(url, authority);
    (void)snprintf(head, sizeof head,
                   "%s %s%s HTTP/1.1\r\nHost: %s\r\n%s%s\r\nContent-Length: 0\r\n\r\n", method,
                   url->path, path, authority,
                   token == NULL ? "X-aws-ec2-metadata-token-ttl-seconds: 21600"
                                 : "X-aws-ec2-metadata-token: ",
                   token == NULL ? "" : token);
    return fetch(url, NULL, instance_patience, head, in);
}

static bool from_instance(struct weir_credentials *c)
{
    const char *disabled = weir_env("AWS_EC2_METADATA_DISABLED");
    const char *endpoint = weir_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    char token[512];
    char path[512];
    struct weir_text role;
    struct weir_url url;
    struct weir_buf in;
    bool good = false;

    if ((disabled != NULL && weir_text_same(weir_text(disabled), WEIR_TEXT("true"))) ||
        !weir_url_read(weir_text(endpoint != NULL ? endpoint : INSTANCE_HOST), &url)) {
        return false;
    }
    weir_buf_init(&in, ANSWER_BYTES_MAX);
    if (keep(token, sizeof token,
             weir_text_trim(get_metadata(&url, NULL, "/latest/api/token", &in)))) {
        role = get_metadata(&url, token, ROLE_PATH, &in);
        role = weir_text_trim(weir_text_split(&role, '\n'));
        if (role.bytes > 0 && role.bytes < 256) {
            (void)snprintf(path, sizeof path, ROLE_PATH "%.*s", WEIR_ARG(role));
            good = read_document(c, get_metadata(&url, token, path, &in));
        }
    }
    weir_buf_done(&in);
    return good;
}

/* ---- the chain ---- */

static bool find(struct weir_credentials *c, const struct weir_settings *settings)
{
    if (settings->given.access_key_id[0] != '\0') {
        *c = settings->given;
        return true;
    }
    return from_environment(c) || from_file(c, &settings->shared, settings->profile) ||
           from_file(c, &settings->config, settings->profile) || from_container(c, settings) ||
           from_instance(c);
}

bool weir_identity_get(struct weir_identity *identity, const struct weir_settings *settings)
{
    struct weir_credentials found;
    int64_t now = weir_now_ms();
    int64_t expires = identity->credentials.expires_ms;

    if (identity->has && (expires == 0 || now < expires - EARLY_MS)) {
        return true;
    }
    if (find(&found, settings)) {
        identity->credentials = found;
        identity->has = true;
        return true;
    }
    identity->has = identity->has && now < expires;
    return identity->has;
}
