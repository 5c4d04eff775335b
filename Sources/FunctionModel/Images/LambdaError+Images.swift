/// Functions of container images, and what they cannot have.
extension LambdaError {
    package static let zipMembersForImage = Self(
        code: .invalidParameterValue,
        message: "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.")

    package static let imageConfigForZip = Self(
        code: .invalidParameterValue,
        message: "Please don't provide ImageConfig when the intended function PackageType is Zip.")

    package static func imageMissing(_ action: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "Please provide ImageUri when \(action) a function with packageType Image.")
    }

    package static func imageForZip(_ action: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "Please don't provide ImageUri when \(action) a function with packageType Zip.")
    }

    package static func zipForImage(_ action: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Please don't provide ZipFile, S3Bucket or S3Key when \(action) a function with packageType Image.
                """)
    }

    /// GetFunction shows where the image is; there is no zip of it.
    package static func imageHasNoZip(_ name: String) -> Self {
        Self(
            code: .resourceNotFound,
            message: "The code of \(name) is a container image, and no zip: its ResolvedImageUri is where it is.")
    }

    /// An image whose program needs no words.
    package static func imageWithoutProgram(_ uri: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Source image \(uri) has neither ENTRYPOINT nor CMD. Set ImageConfig.EntryPoint, or the image's.
                """)
    }
}

extension StateReason {
    /// AWS's words, and what is to be done.
    package static let imageNotForSnapStart = Self(
        code: "FunctionError",
        message: """
            An error occurred during function initialization. The image's runtime did not call GET \
            /2018-06-01/runtime/restore/next before it asked for its first invocation, so it is not known whether a \
            snapshot of it can be used. Use a runtime client that calls it, or opt in with LABEL \
            \(ImageDeclaration.snapStartLabel.name)="\(ImageDeclaration.snapStartLabel.value)" in the Dockerfile.
            """)
}
