/* SPDX-License-Identifier: Apache-2.0
 *
 * From names to addresses: numbers, /etc/hosts, then DNS over UDP (RFC 1035) with the servers of
 * /etc/resolv.conf, A and AAAA. No search domains, no TCP: an answer that was cut still has
 * addresses.
 */
#include "net.h"
#include "text.h"
#include "sys.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX 4096
#define FILE_BYTES_MAX (1u << 20)
#define SERVERS_MAX 3
#define TRIES 2
#define WAIT_MS 2000
#define TYPE_A 1
#define TYPE_AAAA 28

static void add_address(struct weir_addresses *found, int family, const void *bytes, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (found->count == WEIR_ADDRESSES_MAX) {
        return;
    }
    memset(&found->at[found->count], 0, sizeof found->at[0]);
    if (family == AF_INET) {
        memcpy(&v4.sin_addr, bytes, 4);
        memcpy(&found->at[found->count++], &v4, sizeof v4);
    } else {
        memcpy(&v6.sin6_addr, bytes, 16);
        memcpy(&found->at[found->count++], &v6, sizeof v6);
    }
}

static bool add_numbers(const char *text, uint16_t port, struct weir_addresses *found)
{
    unsigned char bytes[16];

    if (inet_pton(AF_INET, text, bytes) == 1) {
        add_address(found, AF_INET, bytes, port);
    } else if (inet_pton(AF_INET6, text, bytes) == 1) {
        add_address(found, AF_INET6, bytes, port);
    } else {
        return false;
    }
    return true;
}

static struct weir_text next_word(struct weir_text *line)
{
    size_t bytes = 0;

    *line = weir_text_trim(*line);
    while (bytes < line->bytes && line->at[bytes] != ' ' && line->at[bytes] != '\t') {
        bytes++;
    }
    struct weir_text word = {line->at, bytes};
    line->at += bytes;
    line->bytes -= bytes;
    return word;
}

static void add_word(struct weir_text word, uint16_t port, struct weir_addresses *found)
{
    char text[64];

    if (word.bytes > 0 && word.bytes < sizeof text) {
        memcpy(text, word.at, word.bytes);
        text[word.bytes] = '\0';
        (void)add_numbers(text, port, found);
    }
}

/* /etc/hosts: an address, then names of it. */
static void from_hosts(const char *host, uint16_t port, struct weir_addresses *found)
{
    struct weir_buf file;

    weir_buf_init(&file, FILE_BYTES_MAX);
    if (weir_file_read("/etc/hosts", &file)) {
        struct weir_text rest = weir_buf_text(&file);
        while (rest.at != NULL) {
            struct weir_text line = weir_text_split(&rest, '\n');
            line = weir_text_split(&line, '#');
            struct weir_text address = next_word(&line);
            for (struct weir_text name = next_word(&line); name.bytes > 0;
                 name = next_word(&line)) {
                if (weir_text_same(name, weir_text(host))) {
                    add_word(address, port, found);
                }
            }
        }
    }
    weir_buf_done(&file);
}

static void find_servers(struct weir_addresses *servers)
{
    struct weir_buf file;

    weir_buf_init(&file, FILE_BYTES_MAX);
    if (weir_file_read("/etc/resolv.conf", &file)) {
        struct weir_text rest = weir_buf_text(&file);
        while (rest.at != NULL && servers->count < SERVERS_MAX) {
            struct weir_text line = weir_text_split(&rest, '\n');
            if (weir_text_is(next_word(&line), "nameserver")) {
                add_word(next_word(&line), 53, servers);
            }
        }
    }
    weir_buf_done(&file);
}

/* ---- DNS ---- */

/* Bytes of the question; 0: the name cannot be one. */
static size_t write_question(char *to, uint16_t number, const char *host, uint8_t type)
{
    char *at = to + 12;
    struct weir_text rest = weir_text(host);

    if (rest.bytes > WEIR_HOST_BYTES_MAX - 2) {
        return 0;
    }
    memset(to, 0, 12);
    to[0] = (char)(number >> 8);
    to[1] = (char)(number & 255);
    to[2] = 1; /* please ask others */
    to[5] = 1; /* one question */
    while (rest.at != NULL && rest.bytes > 0) {
        struct weir_text label = weir_text_split(&rest, '.');
        if (label.bytes == 0 || label.bytes > 63) {
            return 0;
        }
        *at++ = (char)label.bytes;
        memcpy(at, label.at, label.bytes);
        at += label.bytes;
    }
    *at++ = 0;
    *at++ = 0;
    *at++ = (char)type;
    *at++ = 0;
    *at++ = 1;
    return (size_t)(at - to);
}

static unsigned u16_at(struct weir_text m, size_t at)
{
    return at + 2 <= m.bytes ? (unsigned)(unsigned char)m.at[at] << 8 | (unsigned char)m.at[at + 1]
                             : 0;
}

/* Behind the name at a place; the message's end when it is broken. */
static size_t behind_name(struct weir_text m, size_t at)
{
    while (at < m.bytes) {
        unsigned char bytes = (unsigned char)m.at[at];
        if (bytes >= 0xC0) {
            return at + 2;
        }
        at += 1 + (size_t)bytes;
        if (bytes == 0) {
            return at;
        }
    }
    return m.bytes;
}

void weir_resolve_read(struct weir_text m, uint16_t number, struct weir_addresses *found)
{
    size_t at = 12;

    if (m.bytes < 12 || u16_at(m, 0) != number || (m.at[2] & 0x80) == 0 || (m.at[3] & 15) != 0) {
        return;
    }
    for (unsigned i = u16_at(m, 4); i > 0 && at < m.bytes; i--) {
        at = behind_name(m, at) + 4;
    }
    for (unsigned i = u16_at(m, 6); i > 0 && at < m.bytes; i--) {
        at = behind_name(m, at);
        unsigned type = u16_at(m, at);
        unsigned bytes = u16_at(m, at + 8);
        at += 10;
        if (at > m.bytes || bytes > m.bytes - at) {
            return;
        }
        if (type == TYPE_A && bytes == 4) {
            add_address(found, AF_INET, m.at + at, 0);
        } else if (type == TYPE_AAAA && bytes == 16) {
            add_address(found, AF_INET6, m.at + at, 0);
        }
        at += bytes;
    }
}

/* Whether the server said something about the name. */
static bool ask(const struct sockaddr_storage *server, const char *host, uint8_t type,
                struct weir_addresses *found)
{
    char message[MESSAGE_BYTES_MAX];
    uint16_t number = (uint16_t)weir_random();
    size_t bytes = write_question(message, number, host, type);
    int fd = socket(server->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got = -1;

    if (fd >= 0 && bytes > 0 &&
        connect(fd, (const struct sockaddr *)server,
                server->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                             : sizeof(struct sockaddr_in6)) == 0 &&
        send(fd, message, bytes, 0) == (ssize_t)bytes && poll(&ready, 1, WAIT_MS) == 1) {
        got = recv(fd, message, sizeof message, 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (got <= 0) {
        return false;
    }
    weir_resolve_read((struct weir_text){message, (size_t)got}, number, found);
    return true;
}

static void from_dns(const char *host, uint16_t port, struct weir_addresses *found)
{
    struct weir_addresses servers = {.count = 0};

    find_servers(&servers);
    for (size_t i = 0; i < servers.count * TRIES && found->count == 0; i++) {
        const struct sockaddr_storage *server = &servers.at[i % servers.count];
        if (ask(server, host, TYPE_A, found) && found->count == 0) {
            (void)ask(server, host, TYPE_AAAA, found);
        }
    }
    for (size_t i = 0; i < found->count; i++) { /* the port lies in the same place of both */
        ((struct sockaddr_in *)&found->at[i])->sin_port = htons(port);
    }
}

bool weir_resolve(const char *host, uint16_t port, struct weir_addresses *ret_found)
{
    struct weir_addresses found = {.count = 0};

    if (!add_numbers(host, port, &found)) {
        from_hosts(host, port, &found);
        if (found.count == 0 && weir_text_same(weir_text(host), WEIR_TEXT("localhost"))) {
            (void)add_numbers("127.0.0.1", port, &found);
        }
        if (found.count == 0) {
            from_dns(host, port, &found);
        }
    }
    *ret_found = found;
    return found.count > 0;
}
