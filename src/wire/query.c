/* SPDX-License-Identifier: Apache-2.0
 *
 * Being written.
 */
#include "wire/query.h"
status query_decode(const struct route *r,const struct http_request *q,struct arena *a,struct why *w,struct value *i){(void)r;(void)q;(void)a;(void)i;return why_set(w,&WIRE_NOT_IMPLEMENTED,"x");}
status query_encode(const struct route *r,const struct value *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
status query_encode_error(const struct route *r,const struct fault *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
