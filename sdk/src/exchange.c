/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its answer, on a connection that is used again. A kept connection may have been
 * closed by the other side meanwhile; when it turns out so before any of the answer came, a new one
 * is tried at once, and that counts as no attempt.
 */
#include "client_int.h"

#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define KEPT_MS_MAX 50000 /* AWS closes idle connections after a minute or so */
#define TOGETHER_BYTES_MAX 65536u

static void free_place(struct weir_kept *kept)
{
    weir_link_close(&kept->link);
    kept->host[0] = '\0';
}

void weir_links_close(struct weir_aws *aws)
{
    for (size_t i = 0; i < WEIR_LINKS_MAX; i++) {
        free_place(&aws->links[i]);
    }
}

/* The connection to a place; or a free slot, that of the one unused for longest if need be. */
static struct weir_kept *slot_for(struct weir_aws *aws, const struct weir_url *url)
{
    struct weir_kept *oldest = &aws->links[0];

    for (size_t i = 0; i < WEIR_LINKS_MAX; i++) {
        struct weir_kept *kept = &aws->links[i];
        if (kept->link.fd >= 0 && kept->port == url->port && kept->is_tls == url->is_tls &&
            strcmp(kept->host, url->host) == 0) {
            if (weir_monotonic_ms() - kept->used_ms > KEPT_MS_MAX) {
                free_place(kept);
            }
            return kept;
        }
        if (oldest->link.fd >= 0 && (kept->link.fd < 0 || kept->used_ms < oldest->used_ms)) {
            oldest = kept;
        }
    }
    free_place(oldest);
    return oldest;
}

static enum net_result open_link(struct weir_aws *aws, const struct weir_url *url,
                                 struct weir_kept *kept)
{
    struct weir_link opened = {.fd = -1};
    enum net_result result = weir_link_open(url->host, url->port, aws->settings.patience, &opened);

    if (result != NET_OK) {
        (void)snprintf(aws->message, sizeof aws->message, "no connection to %s port %u", url->host,
                       (unsigned)url->port);
        return result;
    }
    if (url->is_tls) {
        opened.tls = aws->settings.tls;
        opened.session = opened.tls->open(opened.fd, url->host, aws->message, sizeof aws->message);
        if (opened.session == NULL) {
            opened.tls = NULL;
            weir_link_close(&opened);
            return NET_BROKEN;
        }
    }
    (void)snprintf(kept->host, sizeof kept->host, "%s", url->host);
    kept->port = url->port;
    kept->is_tls = url->is_tls;
    kept->link = opened;
    return NET_OK;
}

static enum net_result write_request(struct weir_aws *aws, struct weir_link *link)
{
    struct weir_text payload = aws->request.payload;
    enum net_result result;

    if (payload.bytes <= TOGETHER_BYTES_MAX) { /* one packet rather than two */
        size_t head_bytes = aws->head.bytes;
        weir_buf_add_text(&aws->head, payload);
        result = weir_link_write(link, weir_buf_text(&aws->head));
        aws->head.bytes = head_bytes;
        return result;
    }
    result = weir_link_write(link, weir_buf_text(&aws->head));
    return result == NET_OK ? weir_link_write(link, payload) : result;
}

enum net_result weir_exchange(struct weir_aws *aws, const struct weir_place *place,
                              struct weir_http_answer *ret_answer)
{
    bool of_head = strcmp(aws->request.method, "HEAD") == 0;
    enum net_result result = NET_OK;

    weir_buf_clear(&aws->in);
    for (int i = 0; i <= WEIR_LINKS_MAX; i++) {
        struct weir_kept *kept = slot_for(aws, &place->url);
        bool is_new = kept->link.fd < 0;
        if (is_new) {
            result = open_link(aws, &place->url, kept);
            if (result != NET_OK) {
                return result;
            }
        }
        result = write_request(aws, &kept->link);
        if (result == NET_OK) {
            result = weir_http_read(&kept->link, &aws->in, of_head, ret_answer);
        }
        kept->used_ms = weir_monotonic_ms();
        if (result == NET_OK && ret_answer->keeps) {
            return NET_OK;
        }
        free_place(kept);
        if (result == NET_OK || is_new || result == NET_TIMEOUT || aws->in.bytes > 0) {
            break;
        }
    }
    if (result != NET_OK) {
        (void)snprintf(aws->message, sizeof aws->message, "%s: %s", place->url.host,
                       result == NET_TIMEOUT     ? "no answer in time"
                       : result == NET_TOO_LARGE ? "the answer is too large"
                                                 : "the connection broke");
    }
    return result;
}
