using System.Security.Cryptography;

namespace Banyan.Rules.Tokens;

/// <summary>Signatures that are taken (RFC 7518 §3.1): public keys only.</summary>
/// <remarks>HS256 and its kin are missing on purpose: their secret would be the public key, which everybody has.</remarks>
internal enum SigningAlgorithm : byte
{
    None,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
}

/// <summary>What algorithms are called, and what they are made of.</summary>
internal static class SigningAlgorithms
{
    /// <summary>By the value of <c>alg</c>; <see cref="SigningAlgorithm.None"/> for every other, letter case included.</summary>
    public static SigningAlgorithm Of(string? name) => name switch
    {
        "RS256" => SigningAlgorithm.Rs256,
        "RS384" => SigningAlgorithm.Rs384,
        "RS512" => SigningAlgorithm.Rs512,
        "PS256" => SigningAlgorithm.Ps256,
        "PS384" => SigningAlgorithm.Ps384,
        "PS512" => SigningAlgorithm.Ps512,
        "ES256" => SigningAlgorithm.Es256,
        "ES384" => SigningAlgorithm.Es384,
        _ => SigningAlgorithm.None,
    };

    public static HashAlgorithmName Hash(SigningAlgorithm algorithm) => algorithm switch
    {
        SigningAlgorithm.Rs256 or SigningAlgorithm.Ps256 or SigningAlgorithm.Es256 => HashAlgorithmName.SHA256,
        SigningAlgorithm.Rs384 or SigningAlgorithm.Ps384 or SigningAlgorithm.Es384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    public static RSASignaturePadding Padding(SigningAlgorithm algorithm) =>
        algorithm is SigningAlgorithm.Rs256 or SigningAlgorithm.Rs384 or SigningAlgorithm.Rs512
            ? RSASignaturePadding.Pkcs1
            : RSASignaturePadding.Pss;
}
