package com.amazonaws.services.lambda.runtime;

/** The Amazon Cognito identity that authorised the call. */
public interface CognitoIdentity {
    String getIdentityId();

    String getIdentityPoolId();
}
