/*
 * The runtime's native part: what JavaScript cannot do to the process it runs in.
 *
 * It calls OpenSSL inside the node executable, which exports it. Node-API is stable across versions, so the few functions used
 * are declared here instead of taken from node's headers: https://nodejs.org/api/n-api.html, RAND_add(3ossl), getrandom(2).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
/* napi_status: 0 is success. */
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
extern int napi_get_value_uint32(napi_env, napi_value, uint32_t *);
extern int napi_get_boolean(napi_env, bool, napi_value *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

extern void RAND_add(const void *, int, double);
extern int RAND_status(void);

/* reseed(buffer, count): fills the first `count` bytes from the kernel, and reseeds OpenSSL's primary generator with all of
 * them. Whether it has a seed now. */
static napi_value reseed(napi_env env, napi_callback_info info) {
    size_t count = 2, length = 0;
    napi_value arguments[2], result = NULL;
    void *bytes = NULL;
    uint32_t fresh = 0;
    bool seeded = false;
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == 0 && count == 2
        && napi_get_buffer_info(env, arguments[0], &bytes, &length) == 0 && length <= 1 << 16
        && napi_get_value_uint32(env, arguments[1], &fresh) == 0 && fresh > 0 && fresh <= length && fresh <= 256
        && getrandom(bytes, fresh, 0) == (ssize_t)fresh) {
        RAND_add(bytes, (int)length, (double)fresh);
        seeded = RAND_status() == 1;
    }
    napi_get_boolean(env, seeded, &result);
    return result;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    napi_value function;
    if (napi_create_function(env, "reseed", 6, reseed, NULL, &function) == 0) {
        napi_set_named_property(env, exports, "reseed", function);
    }
    return exports;
}
