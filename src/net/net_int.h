/* SPDX-License-Identifier: Apache-2.0
 *
 * The insides of net: what a loop, a connection and an exchange are made of.
 *
 *   listener --accepts--> connection --feeds--> protocol --makes--> exchange --told to--> app
 *                         (transport: socket or loopback; tls between it and the protocol)
 *
 * Nothing is torn down while it is in use: conn_kill() and exchange_drop() only mark; the work is
 * done at the turn's end (net_loop.c).
 */
#ifndef WEIR_NET_INT_H
#define WEIR_NET_INT_H

#include "base/buf.h"
#include "base/list.h"
#include "net/chain.h"
#include "net/http.h"
#include "net/http1_state.h"
#include "net/server.h"
#include "sys/clock.h"

#include <assert.h>
#include <uv.h>

#define READ_BYTES (256u * 1024)              /* one read takes at most this; one buffer per loop */
#define IN_HELD_MAX (64u * 1024)              /* not taken by the protocol: reading stops */
#define OUT_HELD_MAX (1024u * 1024)           /* not taken by the peer: reading stops */
#define PIPELINE_MAX 32                       /* exchanges of an HTTP/1.1 connection under way */
#define STREAMS_MAX 256                       /* the same for HTTP/2 */
#define BODY_FIRST_MAX (1024u * 1024)         /* room made for a body before any of it came */
#define PLACE_BYTES_MIN (16u * 1024)          /* of a body, to be worth a read of its own */
#define BODY_SKIP_MAX (64u * 1024)            /* rest of a body read past to keep the connection */
#define LOOP_BODY_BYTES_MAX (1024ull * 1024 * 1024) /* buffered bodies of a loop; 503 beyond */
#define EXCHANGE_ARENA_BYTES_MAX (4u * HTTP_BODY_BYTES_MAX)
#define EXCHANGES_KEPT_MAX 256                /* free exchanges of a loop */
#define BORROW_BYTES_MIN 4096                 /* shorter bodies are copied behind their head */
#define LINGER_MS 2000                        /* how long a peer may take to hear a last answer */
#define PEER_BYTES_MAX 64                     /* an address as text */
#define TURN_ROUNDS_MAX 8                     /* feeding and flushing again within one turn */

struct connection;
struct http2_head;
struct net_loop;
struct tls_session;

/* What an answer starts with. */
struct answer {
    int status_code;                   /* 200 to 599 */
    const struct http_header *headers; /* the app's */
    size_t header_count;               /* how many */
    struct str body;                   /* exchange_answer only */
};

/* How a body piece was taken. */
enum body_taken { BODY_TAKEN, BODY_TOO_LARGE, BODY_NO_MEMORY };

/* HTTP/1.1 and HTTP/2. A protocol is entered by its connection only. */
struct protocol {
    uint8_t version; /* of http_request: 11 or 20 */
    /* Takes what it can; the rest is offered again, with what came since. With a rest, c->blocked
     * says that more bytes will not help: conn_hungry() will. */
    size_t (*feed)(struct connection *c, struct str bytes);
    /* An answer, whole or in pieces; x is not gone. */
    void (*answer)(struct exchange *x, const struct answer *answer);
    void (*begin)(struct exchange *x, const struct answer *answer);
    void (*send)(struct exchange *x, struct str piece);
    /* NULL: it cannot. */
    void (*send_file)(struct exchange *x, int fd, uint64_t offset, uint64_t bytes);
    void (*end)(struct exchange *x);
    void (*resume)(struct exchange *x);
    size_t (*backlog)(const struct exchange *x);
    void (*flush)(struct connection *c);   /* moves what it may into c->out */
    void (*overdue)(struct connection *c); /* the peer is too slow: say so and close */
    void (*finish)(struct connection *c);  /* no exchange beyond those under way */
    void (*done)(struct connection *c);    /* frees c->session; the exchanges are gone already */
};

extern const struct protocol http1_protocol;
extern const struct protocol http2_protocol;

/* Sockets and the loopback. */
struct transport {
    /* Gives away what it can of the chain; may finish later: c->writing and conn_wrote(). */
    void (*write)(struct connection *c, struct chain *chain);
    void (*reading)(struct connection *c, bool on);
    void (*shut)(struct connection *c);  /* no more bytes from us */
    void (*close)(struct connection *c); /* then conn_free() */
    bool sends_files;                    /* a chain may have pieces of files */
};

struct exchange {
    struct link link;           /* in its connection's list, or the loop's detached or done list */
    struct connection *conn;    /* NULL once the peer is gone or all is said */
    struct net_loop *net;       /* whose thread and pools */
    struct arena *arena;        /* the request, and what the app puts there */
    void *user;                 /* the app's */
    struct http_request request; /* lies in the arena */
    uint32_t holds;             /* the conversation, and a borrowed body on its way */
    int32_t stream_id;          /* HTTP/2 */
    enum http_body mode;        /* how the body is taken */
    uint64_t body_bytes_max;    /* BODY_BUFFER: 413 beyond */
    uint64_t body_expected;     /* content-length, UINT64_MAX when not known */
    size_t body_room;           /* bytes reserved at body_at */
    char *body_at;              /* BODY_BUFFER: where the body gathers */
    struct chain out;           /* answer bytes that may not leave yet; HTTP/2: pieces */
    struct chain held;          /* HTTP/2: body pieces that came while paused */
    struct chunk body_chunk;    /* for the borrowed body */
    uint64_t answer_left;       /* declared content-length not yet sent; UINT64_MAX: chunked */
    void (*drain)(struct exchange *x); /* the app's */
    bool told;                  /* the app knows of it and must end it */
    bool complete;              /* the request is all here, or the rest does not matter */
    bool answered;              /* the app (or net) has said everything */
    bool begun;                 /* an answer in pieces has started */
    bool paused;                /* no data to the app */
    bool gone;                  /* the peer is */
    bool drain_due;             /* something was sent since the last drain */
    bool head_only;             /* HEAD: the answer has no body */
    bool close_after;           /* HTTP/1: the connection ends behind this answer */
    bool version_10;            /* HTTP/1.0: no chunks */
    bool continue_due;          /* a 100 is owed once it is first in line */
    bool end_received;          /* HTTP/2: the peer's side of the stream is closed */
    struct http2_head *head;    /* HTTP/2: its fields while they arrive */
};

struct room { /* where a read may go */
    char *at;     /* its start */
    size_t bytes; /* at most */
};

struct connection {
    struct link link;            /* in its loop's list */
    struct link dirty;           /* in its loop's list of those to be looked at */
    struct net_loop *net;        /* whose thread */
    const struct transport *transport; /* below */
    const struct protocol *protocol;   /* above; NULL until the first bytes tell */
    void *session;               /* HTTP/2's */
    void *peer_end;              /* the loopback's */
    struct tls_session *tls;     /* NULL: plain text */
    struct buf in;               /* plain bytes not yet taken */
    struct chain out;            /* plain bytes not yet taken by the peer (or by TLS) */
    struct chain wire;           /* the same, encrypted */
    struct link exchanges;       /* under way, in order of arrival */
    uint32_t exchange_count;     /* how many */
    uint32_t streaming;          /* of them, with an answer in pieces */
    struct http1 http1;          /* HTTP/1.1's */
    uint64_t last_ms;            /* when bytes last moved */
    uint64_t head_ms;            /* when the unfinished head started; 0: none */
    uint64_t linger_ms;          /* when the linger started; 0: none */
    bool reading;                /* the transport delivers */
    bool writing;                /* a write is under way */
    bool blocked;                /* the protocol takes nothing for now */
    bool hungry;                 /* to be fed again at the turn's end */
    bool resumed;                /* HTTP/2: some exchange takes its held pieces now */
    bool sniffed;                /* TLS or not is known */
    bool is_local;               /* a Unix socket, or this machine */
    bool finishing;              /* no exchange beyond those under way */
    bool preface_due;            /* HTTP/2 by upgrade: the peer has not begun to speak it */
    bool close_after_out;        /* closes once out is empty */
    bool unread;                 /* the peer may still be sending: linger before the close */
    bool dead;                   /* torn down at the turn's end */
    bool closed;                 /* is being torn down */
    char peer[PEER_BYTES_MAX];   /* address as text */
    size_t peer_bytes;           /* of it */
    uint16_t port;               /* of server_listen() that it came to; 0: another */
    union {
        uv_handle_t handle; /* any */
        uv_stream_t stream; /* any */
        uv_tcp_t tcp;       /* TCP */
        uv_pipe_t pipe;     /* Unix socket */
    } uv;                        /* the socket */
    uv_write_t write;            /* the write under way */
    size_t write_bytes;          /* its size */
    uv_shutdown_t shutdown;      /* the half-close under way */
};

/* All that connections of one loop share. */
struct net_loop {
    struct loop *loop;             /* its thread */
    const struct http_app *app;    /* told */
    struct server *server;         /* NULL: loopback */
    struct tls *tls;               /* NULL: none */
    uint64_t idle_ms_max;          /* 0: no time-outs */
    uint64_t head_ms_max;          /* 0: none */
    struct link connections;       /* open */
    uint32_t connection_count;     /* how many */
    struct link dirty;             /* connections to be looked at when the turn ends */
    struct link detached;          /* exchanges without a peer that the app has not ended */
    struct link done;              /* exchanges to be freed when the turn ends */
    struct link kept;              /* free exchanges */
    size_t kept_count;             /* how many */
    size_t exchange_count;         /* alive: neither free nor done */
    uint64_t body_bytes;           /* reserved for buffered bodies */
    struct chunk_pool chunks;      /* free chunks */
    struct loop_timer *sweep;      /* looks for slow peers; NULL while there is no connection */
    struct loop_work again;        /* another turn, soon */
    bool again_posted;             /* it is queued */
    bool told;                     /* the app was told something since its last turn */
    bool stopping;                 /* finish what is under way */
    bool muted;                    /* the app is not told of turns: the start failed */
    struct clock clock;            /* for the date field */
    int64_t date_second;           /* the second date says */
    char date[64];                 /* "date: …\r\n" */
    size_t date_bytes;             /* of it */
    char *read_at;                 /* READ_BYTES, shared by all connections */
};

/* net_loop.c */
void net_loop_init(struct net_loop *net, struct loop *loop, const struct server_options *options);
void net_loop_done(struct net_loop *net);
void net_loop_again(struct net_loop *net);  /* another turn, soon */
void net_loop_finish(struct net_loop *net); /* graceful: see protocol->finish */
void net_loop_kill(struct net_loop *net);   /* every connection */
struct str net_loop_date(struct net_loop *net); /* the whole field, with CRLF */
bool net_loop_quiet(const struct net_loop *net); /* nothing waits for the turn's end */

/* conn.c */
struct connection *conn_new(struct net_loop *net, const struct transport *transport);
void conn_open(struct connection *c);                    /* starts reading; counts */
struct room conn_room(struct connection *c);             /* where the next read is to go */
void conn_take(struct connection *c, struct str bytes);  /* from the transport */
void conn_plain(struct connection *c, struct str bytes); /* from TLS, or the above */
void conn_dirty(struct connection *c);   /* look at it when the turn ends */
void conn_hungry(struct connection *c);  /* feed it again when the turn ends */
void conn_flush(struct connection *c);   /* at the turn's end */
void conn_feed(struct connection *c);    /* what was not taken before */
void conn_wrote(struct connection *c);   /* a write that was under way is over */
void conn_last(struct connection *c, bool unread); /* closes once everything went out */
void conn_kill(struct connection *c);    /* at the turn's end */
void conn_bury(struct connection *c);    /* a dead one: tells the app and closes */
void conn_free(struct connection *c);    /* the transport's last call */
void conn_overdue(struct connection *c, uint64_t now_ms);

/* exchange.c */
struct exchange *exchange_new(struct connection *c);
void exchange_hold(struct exchange *x);
void exchange_drop(struct exchange *x);
void exchange_free(struct exchange *x); /* back to the pool; net_loop.c only */
void exchange_destroy(struct exchange *x);
/* Tells the app of a head; exchange_request() and body_expected are set. */
void exchange_tell(struct exchange *x);
enum body_taken exchange_take(struct exchange *x, struct str piece);
char *exchange_place(struct exchange *x, size_t *ret_bytes); /* of its next bytes; or NULL */
void exchange_whole(struct exchange *x); /* the request is complete */
/* Takes it off its connection: the app (if it knows) is told, and ends it. */
void exchange_detach(struct exchange *x);
/* Takes an answered one off its connection and gives up the conversation's hold. */
void exchange_over(struct exchange *x);
struct answer answer_for_error(int status_code);

#endif
