/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS between a transport and a protocol: OpenSSL sees memory only, never the socket.
 *
 * Rules
 *   1. What was read is given to OpenSSL whole, and all plain text that makes is handed on at once;
 *      so back-pressure is the plain side's (conn.c).
 *   2. Plain text is sealed a record's worth at a time, while the wire holds less than
 *      WIRE_BYTES_MAX: memory stays bounded by what the peer takes.
 *   3. A failed handshake or record ends the connection behind the alert that says so.
 */
#include "net/tls_int.h"

#include "base/mem.h"
#include "sys/log.h"

#include <openssl/err.h>

#define RECORD_BYTES_MAX (16u * 1024)
#define WIRE_BYTES_MAX (256u * 1024)

struct tls_session {
    SSL *ssl;      /* owns the two BIOs */
    BIO *incoming; /* sealed bytes from the peer */
    BIO *outgoing; /* sealed bytes to the peer */
    bool bye;      /* the farewell was written */
};

struct tls_session *tls_session_new(struct tls *tls)
{
    struct tls_session *session = MEM_NEW(struct tls_session);

    session->ssl = SSL_new(tls_context(tls));
    session->incoming = BIO_new(BIO_s_mem());
    session->outgoing = BIO_new(BIO_s_mem());
    if (session->ssl == NULL || session->incoming == NULL || session->outgoing == NULL) {
        sys_die("net", "no memory for a TLS connection");
    }
    SSL_set_bio(session->ssl, session->incoming, session->outgoing);
    SSL_set_accept_state(session->ssl);
    return session;
}

void tls_session_free(struct tls_session *session)
{
    if (session != NULL) {
        SSL_free(session->ssl);
        mem_free(session);
    }
}

/* What OpenSSL wants to say goes to the wire. */
static void drain(struct connection *c)
{
    struct tls_session *session = c->tls;
    char *at;
    long bytes = BIO_get_mem_data(session->outgoing, &at);

    if (bytes > 0) {
        chain_add(&c->wire, str_of(at, (size_t)bytes));
        (void)BIO_reset(session->outgoing);
        conn_dirty(c);
    }
}

/* After a call that returned no bytes: false when the connection cannot go on. */
static bool is_only_waiting(struct connection *c, int returned)
{
    int error = SSL_get_error(c->tls->ssl, returned);

    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return true;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        conn_kill(c); /* the peer's farewell */
        return false;
    }
    c->tls->bye = true; /* the alert is all there is to say */
    drain(c);
    while (c->exchange_count > 0) {
        exchange_detach(LINK_OWNER(c->exchanges.next, struct exchange, link));
    }
    if (c->protocol == &http1_protocol) {
        c->http1.state = HTTP1_DISCARD;
        c->http1.current = NULL;
    }
    chain_clear(&c->out);
    conn_last(c, true);
    return false;
}

static bool shake_hands(struct connection *c)
{
    const unsigned char *name;
    unsigned bytes;
    int done;

    if (SSL_is_init_finished(c->tls->ssl)) {
        return true;
    }
    done = SSL_do_handshake(c->tls->ssl);
    drain(c);
    if (done != 1) {
        (void)is_only_waiting(c, done);
        return false;
    }
    c->head_ms = 0;
    SSL_get0_alpn_selected(c->tls->ssl, &name, &bytes);
    if (bytes == 2) {
        c->protocol = &http2_protocol;
    } else if (bytes > 0) {
        c->protocol = &http1_protocol;
    }
    return true;
}

void tls_take(struct connection *c, struct str bytes)
{
    struct tls_session *session = c->tls;
    char *plain = c->net->read_at; /* bytes may lie there, but OpenSSL has its copy */
    int taken = BIO_write(session->incoming, bytes.at, (int)bytes.bytes);
    bool on = taken == (int)bytes.bytes;

    if (!on) {
        conn_kill(c); /* without memory */
        return;
    }
    if (!shake_hands(c)) {
        return;
    }
    while (on && !c->dead) {
        size_t have = 0;

        while (on && READ_BYTES - have >= RECORD_BYTES_MAX) {
            int got = SSL_read(session->ssl, plain + have, RECORD_BYTES_MAX);

            on = got > 0;
            if (on) {
                have += (size_t)got;
            } else if (have == 0) {
                (void)is_only_waiting(c, got);
            }
        }
        if (have > 0) {
            conn_plain(c, str_of(plain, have));
            on = true; /* whatever stopped the reading is met again, with nothing in hand */
        }
    }
    drain(c);
}

void tls_seal(struct connection *c)
{
    struct tls_session *session = c->tls;

    if (session->bye || !SSL_is_init_finished(session->ssl)) {
        return;
    }
    while (c->out.bytes > 0 && c->wire.bytes < WIRE_BYTES_MAX) {
        const struct chunk *first = c->out.first;
        size_t piece = first->bytes < RECORD_BYTES_MAX ? first->bytes : RECORD_BYTES_MAX;
        int sealed = SSL_write(session->ssl, first->at, (int)piece);

        if (sealed <= 0) {
            (void)is_only_waiting(c, sealed);
            return;
        }
        chain_consume(&c->out, (size_t)sealed);
        drain(c);
    }
}

bool tls_bye(struct connection *c)
{
    struct tls_session *session = c->tls;

    if (session->bye || !SSL_is_init_finished(session->ssl)) {
        return false;
    }
    session->bye = true;
    (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
    drain(c);
    return c->wire.bytes > 0;
}
