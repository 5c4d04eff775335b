/*
 * The runtime's native part: what JavaScript cannot do to the process it runs in.
 *
 * It calls OpenSSL inside the node executable, which exports it. Node-API is stable across versions, so the few functions used
 * are declared here instead of taken from node's headers: https://nodejs.org/api/n-api.html, RAND_add(3ossl).
 */
#include <stdbool.h>
#include <stddef.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
/* napi_status: 0 is success. */
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
extern int napi_get_boolean(napi_env, bool, napi_value *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

extern void RAND_add(const void *, int, double);
extern int RAND_status(void);

/* addEntropy(buffer): reseeds OpenSSL's primary generator from the kernel and these bytes. Whether it has a seed now. */
static napi_value add_entropy(napi_env env, napi_callback_info info) {
    size_t count = 1, length = 0;
    napi_value argument, result = NULL;
    void *bytes = NULL;
    bool seeded = false;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) == 0 && count == 1
        && napi_get_buffer_info(env, argument, &bytes, &length) == 0 && length > 0 && length <= 1 << 16) {
        RAND_add(bytes, (int)length, (double)length);
        seeded = RAND_status() == 1;
    }
    napi_get_boolean(env, seeded, &result);
    return result;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    napi_value function;
    if (napi_create_function(env, "addEntropy", 10, add_entropy, NULL, &function) == 0) {
        napi_set_named_property(env, exports, "addEntropy", function);
    }
    return exports;
}
