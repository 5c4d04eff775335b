internal import FunctionModel
internal import FunctionStore

extension FunctionCatalog {
    /// What a client is told when the store refuses or fails.
    static func lambdaError(_ error: FunctionStoreError) -> LambdaError {
        switch error.code {
        case .refused(let refusal): refusal
        case .revisionMismatch: .revisionMismatch
        case .alreadyExists: LambdaError(code: .resourceConflict, message: error.message)
        case .notFound: LambdaError(code: .resourceNotFound, message: error.message)
        case .invalid: LambdaError(code: .invalidParameterValue, message: error.message)
        case .noSpace: LambdaError(.codeStorageExceeded, of: error.description)
        case .corrupt, .newerFormat, .inUse, .locked, .cancelled, .inputOutput: .service(error.description)
        }
    }
}
