package import FunctionModel
internal import FunctionStore

extension AccessControl: FunctionURLKeeping {
    package func createURL(
        _ reference: FunctionReference, _ members: FunctionURLMembers
    ) async throws(LambdaError) -> FunctionURL {
        guard let authType = members.authType.flatMap(FunctionURL.AuthType.init) else {
            throw .service("a function URL without an AuthType")
        }
        return try await functions.changing(reference.name) { () throws(LambdaError) in
            try await checkExists(reference)
            let present = try await stored(try await store.url(of: reference.name, qualifier: reference.qualifier))
            guard present == nil else { throw .urlExists(for: arn(reference)) }
            let now = clock.date
            let url = FunctionURL(
                id: FunctionURL.makeID(), functionName: reference.name, qualifier: reference.qualifier,
                authType: authType, invokeMode: members.invokeMode.flatMap(FunctionURL.InvokeMode.init),
                cors: members.cors, created: now, lastModified: now)
            try await stored(try await store.createURL(url))
            return url
        }
    }

    package func updateURL(
        _ reference: FunctionReference, _ members: FunctionURLMembers
    ) async throws(LambdaError) -> FunctionURL {
        try await functions.changing(reference.name) { () throws(LambdaError) in
            try await checkExists(reference)
            var url = try await present(reference)
            if let authType = members.authType.flatMap(FunctionURL.AuthType.init) { url.authType = authType }
            if let mode = members.invokeMode.flatMap(FunctionURL.InvokeMode.init) { url.invokeMode = mode }
            if let cors = members.cors { url.cors = cors }
            url.lastModified = clock.date
            try await stored(try await store.updateURL(url))
            return url
        }
    }

    package func url(_ reference: FunctionReference) async throws(LambdaError) -> FunctionURL {
        try reference.checkReachable(from: functions.account)
        return try await present(reference)
    }

    package func deleteURL(_ reference: FunctionReference) async throws(LambdaError) {
        try reference.checkReachable(from: functions.account)
        try await functions.changing(reference.name) { () throws(LambdaError) in
            let wasThere = try await stored(
                try await store.deleteURL(of: reference.name, qualifier: reference.qualifier))
            if !wasThere { throw .resourceNotFound }
        }
    }

    package func listURLs(
        _ reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionURL> {
        try await checkExists(FunctionReference(name: reference.name))
        let limit = min(page.maximumItems ?? Limits.pageItemsGiven, Limits.pageItemsGiven)
        return try await stored(
            try await store.urls(of: reference.name, page: ListPage(marker: page.marker, limit: limit)))
    }

    package func servedURL(id: String) async throws(LambdaError) -> ServedURL? {
        try await stored(try await store.url(id: id)).map { ServedURL(url: $0.url, policy: $0.policy) }
    }

    private func present(_ reference: FunctionReference) async throws(LambdaError) -> FunctionURL {
        let url = try await stored(try await store.url(of: reference.name, qualifier: reference.qualifier))
        guard let url else { throw .resourceNotFound }
        return url
    }

    /// What AWS says of a function or an alias that is missing is the same here.
    private func checkExists(_ reference: FunctionReference) async throws(LambdaError) {
        try reference.checkReachable(from: functions.account)
        guard try await functions.configuration(VersionKey(reference.name, .latest)) != nil else {
            throw .functionOfURLNotFound
        }
        guard let name = reference.qualifier else { return }
        if try await functions.alias(name, of: reference.name) == nil { throw .functionOfURLNotFound }
    }
}
