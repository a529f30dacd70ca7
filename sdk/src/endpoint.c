/* SPDX-License-Identifier: Apache-2.0
 *
 * Where services are: an endpoint that someone named, or AWS's own, SERVICE.REGION.amazonaws.com.
 */
#include "settings.h"

#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

bool weir_url_read(struct weir_text text, struct weir_url *ret_url)
{
    struct weir_url url = {.port = 80};
    struct weir_text rest = text;
    struct weir_text host;
    int64_t port;

    if (weir_text_starts(rest, "https://")) {
        url.is_tls = true;
        url.port = 443;
    } else if (!weir_text_starts(rest, "http://")) {
        return false;
    }
    rest.at += url.is_tls ? 8 : 7;
    rest.bytes -= url.is_tls ? 8 : 7;
    struct weir_text authority = rest;
    authority = weir_text_split(&authority, '/');
    struct weir_text path = {rest.at + authority.bytes, rest.bytes - authority.bytes};
    rest = authority;
    if (weir_text_starts(authority, "[")) {
        rest.at++;
        rest.bytes--;
        host = weir_text_split(&rest, ']');
        (void)weir_text_split(&rest, ':');
    } else {
        host = weir_text_split(&rest, ':');
    }
    if (rest.at != NULL && rest.bytes > 0) {
        if (!weir_json_int(rest, &port) || port < 1 || port > 65535) {
            return false;
        }
        url.has_port = port != url.port;
        url.port = (uint16_t)port;
    }
    while (path.bytes > 0 && path.at[path.bytes - 1] == '/') {
        path.bytes--;
    }
    if (host.bytes == 0 || host.bytes > WEIR_HOST_BYTES_MAX || path.bytes >= sizeof url.path) {
        return false;
    }
    memcpy(url.host, host.at, host.bytes);
    if (path.bytes > 0) {
        memcpy(url.path, path.at, path.bytes);
    }
    *ret_url = url;
    return true;
}

void weir_url_authority(const struct weir_url *url, char to[WEIR_HOST_BYTES_MAX + 16])
{
    bool is_v6 = strchr(url->host, ':') != NULL;
    char port[8] = "";

    if (url->has_port) {
        (void)snprintf(port, sizeof port, ":%u", (unsigned)url->port);
    }
    (void)snprintf(to, WEIR_HOST_BYTES_MAX + 16, "%s%s%s%s", is_v6 ? "[" : "", url->host,
                   is_v6 ? "]" : "", port);
}

/* AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER, of the service's id. */
static const char *endpoint_variable(const char *service_id)
{
    char name[MODEL_TEXT_MAX + 32] = "AWS_ENDPOINT_URL_";
    size_t bytes = strlen(name);

    for (const char *c = service_id; *c != '\0' && bytes + 1 < sizeof name; c++) {
        char letter = weir_upper(*c);
        bool plain = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
        name[bytes++] = plain ? letter : '_';
    }
    name[bytes] = '\0';
    return weir_env(name);
}

static const char *named_endpoint(const struct weir_settings *settings, const char *service_id)
{
    const char *found;

    if (settings->endpoint_given) {
        return settings->endpoint;
    }
    found = endpoint_variable(service_id);
    found = found != NULL ? found : weir_env("AWS_ENDPOINT_URL");
    return found != NULL ? found : settings->endpoint[0] != '\0' ? settings->endpoint : NULL;
}

/* AWS's own host. A service for all regions has one in each partition. */
static bool own_host(struct weir_place *place, const char *prefix, bool is_global)
{
    bool is_china = weir_text_starts(weir_text(place->region), "cn-");
    bool is_gov = weir_text_starts(weir_text(place->region), "us-gov-");
    const char *end = is_china ? "amazonaws.com.cn" : "amazonaws.com";
    int bytes;

    place->is_own = true;
    place->url = (struct weir_url){.port = 443, .is_tls = true};
    if (!is_global || is_china) {
        bytes = snprintf(place->url.host, sizeof place->url.host, "%s.%s.%s", prefix, place->region,
                         end);
    } else if (is_gov) {
        bytes = snprintf(place->url.host, sizeof place->url.host, "%s.us-gov.%s", prefix, end);
        (void)snprintf(place->region, sizeof place->region, "us-gov-west-1");
    } else {
        bytes = snprintf(place->url.host, sizeof place->url.host, "%s.%s", prefix, end);
        (void)snprintf(place->region, sizeof place->region, "us-east-1");
    }
    return bytes > 0 && (size_t)bytes < sizeof place->url.host;
}

/* A region becomes part of a host's name. */
static bool is_region(const char *region)
{
    size_t bytes = strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return bytes > 0 && region[bytes] == '\0';
}

const char *weir_place_of(const struct weir_settings *settings, const struct model_service *service,
                          const char *name, struct weir_place *ret_place)
{
    char service_id[MODEL_TEXT_MAX];
    char prefix[MODEL_TEXT_MAX];
    const char *named;

    memset(ret_place, 0, sizeof *ret_place);
    (void)snprintf(service_id, sizeof service_id, "%s", name);
    (void)snprintf(prefix, sizeof prefix, "%s", name);
    (void)snprintf(ret_place->signing_name, sizeof ret_place->signing_name, "%s", name);
    (void)snprintf(ret_place->region, sizeof ret_place->region, "%s", settings->region);
    if (service != NULL) {
        model_text_put(service_id, service->service_id);
        model_text_put(prefix, service->endpoint_prefix);
        model_text_put(ret_place->signing_name, service->signing_name);
    }
    if (!is_region(settings->region)) {
        return "NoRegion";
    }
    named = named_endpoint(settings, service_id);
    if (named != NULL) {
        return weir_url_read(weir_text(named), &ret_place->url) ? NULL : "BadEndpoint";
    }
    return own_host(ret_place, prefix, service != NULL && service->is_global) ? NULL
                                                                              : "BadEndpoint";
}
