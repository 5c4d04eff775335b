package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import thaw.runtime.json.JsonReader;

/** The context of one invocation. What is rarely asked for is read only when it is. */
final class InvocationContext implements Context {
    private final Invocation invocation;
    private final long deadline;

    InvocationContext(Invocation invocation) {
        this.invocation = invocation;
        this.deadline = invocation.deadline();
    }

    @Override
    public String getAwsRequestId() {
        return invocation.requestId;
    }

    @Override
    public String getLogGroupName() {
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return invocation.functionArn();
    }

    @Override
    public CognitoIdentity getIdentity() {
        Map<String, Object> identity = parsed(invocation.cognitoIdentity());
        return new Identity(text(identity, "cognitoIdentityId"), text(identity, "cognitoIdentityPoolId"));
    }

    @Override
    public ClientContext getClientContext() {
        String context = invocation.clientContext();
        return context == null || context.isEmpty() ? null : new Caller(parsed(context));
    }

    @Override
    public int getRemainingTimeInMillis() {
        long remaining = deadline - System.currentTimeMillis();
        return (int) Math.max(0, Math.min(remaining, Integer.MAX_VALUE));
    }

    @Override
    public int getMemoryLimitInMB() {
        String size = System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        try {
            return size == null ? 0 : Integer.parseInt(size);
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }

    @Override
    public LambdaLogger getLogger() {
        return FunctionLogger.shared();
    }

    @Override
    public String getTenantId() {
        return invocation.tenantId();
    }

    @Override
    public String getXrayTraceId() {
        return invocation.traceId();
    }

    /** An object the caller sent. What is no JSON object counts as empty: the mistake is not the function's. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> parsed(String json) {
        if (json == null) {
            return Collections.emptyMap();
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        try {
            Object value = JsonReader.read(bytes, 0, bytes.length, false);
            return value instanceof Map ? (Map<String, Object>) value : Collections.emptyMap();
        } catch (IOException malformed) {
            return Collections.emptyMap();
        }
    }

    private static String text(Map<String, Object> object, String name) {
        Object value = object.get(name);
        return value == null ? null : value.toString();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Map<String, Object> parent, String name) {
        Object value = parent.get(name);
        return value instanceof Map ? (Map<String, Object>) value : null;
    }

    private static final class Identity implements CognitoIdentity {
        private final String identityId;
        private final String poolId;

        Identity(String identityId, String poolId) {
            this.identityId = identityId;
            this.poolId = poolId;
        }

        @Override
        public String getIdentityId() {
            return identityId;
        }

        @Override
        public String getIdentityPoolId() {
            return poolId;
        }
    }

    private static final class Caller implements ClientContext {
        private final Map<String, Object> context;

        Caller(Map<String, Object> context) {
            this.context = context;
        }

        @Override
        public Client getClient() {
            Map<String, Object> client = object(context, "client");
            return client == null ? null : new Application(client);
        }

        @Override
        public Map<String, String> getCustom() {
            return texts(object(context, "custom"));
        }

        @Override
        public Map<String, String> getEnvironment() {
            return texts(object(context, "env"));
        }

        private static Map<String, String> texts(Map<String, Object> object) {
            if (object == null) {
                return null;
            }
            Map<String, String> texts = new LinkedHashMap<>();
            for (String name : object.keySet()) {
                texts.put(name, text(object, name));
            }
            return texts;
        }
    }

    private static final class Application implements Client {
        private final Map<String, Object> client;

        Application(Map<String, Object> client) {
            this.client = client;
        }

        @Override
        public String getInstallationId() {
            return text(client, "installation_id");
        }

        @Override
        public String getAppTitle() {
            return text(client, "app_title");
        }

        @Override
        public String getAppVersionName() {
            return text(client, "app_version_name");
        }

        @Override
        public String getAppVersionCode() {
            return text(client, "app_version_code");
        }

        @Override
        public String getAppPackageName() {
            return text(client, "app_package_name");
        }
    }
}
