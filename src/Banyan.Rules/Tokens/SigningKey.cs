using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Banyan.Rules.Tokens;

/// <summary>A public key of an issuer (RFC 7517). Thread-safe.</summary>
internal sealed class SigningKey
{
    private const int FewestBits = 2048;
    private const int MostBits = 8192;
    private const int MostExponentBytes = 4;

    private readonly RSA? _rsa;
    private readonly ECDsa? _ec;
    private readonly SigningAlgorithm _only;

    // OpenSSL's keys may be read by several threads, .NET does not promise it of its own.
    private readonly Lock _gate = new();

    private SigningKey(string id, SigningAlgorithm only, RSA? rsa, ECDsa? ec) => (Id, _only, _rsa, _ec) = (id, only, rsa, ec);

    public string Id { get; }

    /// <summary>Reads a key; null for one that is of no use here, which <paramref name="problem"/> explains.</summary>
    public static SigningKey? Read(JsonElement key, out string problem)
    {
        problem = "";
        var id = Text(key, "kid");
        if (string.IsNullOrEmpty(id))
        {
            problem = "has no kid";
            return null;
        }

        if (Text(key, "use") is { } use && use != "sig")
        {
            problem = "is not for signatures (use)";
            return null;
        }

        if (key.TryGetProperty("key_ops", out var operations) && !Verifies(operations))
        {
            problem = "is not for verifying (key_ops)";
            return null;
        }

        var only = SigningAlgorithm.None;
        if (Text(key, "alg") is { } name && (only = SigningAlgorithms.Of(name)) == SigningAlgorithm.None)
        {
            problem = "has an alg that is not supported";
            return null;
        }

        try
        {
            return Text(key, "kty") switch
            {
                "RSA" => ReadRsa(key, id, only, out problem),
                "EC" => ReadEc(key, id, only, out problem),
                _ => Unsupported("kty", out problem),
            };
        }
        catch (CryptographicException)
        {
            problem = "is no point of its curve, or no key";
            return null;
        }
    }

    /// <summary>Whether the key may be used so; a key of one kind never verifies a signature of another.</summary>
    public bool Fits(SigningAlgorithm algorithm) => (_only == SigningAlgorithm.None || _only == algorithm) && algorithm switch
    {
        SigningAlgorithm.None => false,
        SigningAlgorithm.Es256 => _ec is { KeySize: 256 },
        SigningAlgorithm.Es384 => _ec is { KeySize: 384 },
        _ => _rsa is not null,
    };

    /// <summary>Whether the signature is the key's; the algorithm fits.</summary>
    public bool Verify(SigningAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        var hash = SigningAlgorithms.Hash(algorithm);
        lock (_gate)
        {
            return _rsa is not null
                ? _rsa.VerifyData(signed, signature, hash, SigningAlgorithms.Padding(algorithm))
                : _ec!.VerifyData(signed, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    private static SigningKey? ReadRsa(JsonElement key, string id, SigningAlgorithm only, out string problem)
    {
        problem = "";
        if (Bytes(key, "n") is not { } modulus || Bytes(key, "e") is not { Length: > 0 and <= MostExponentBytes } exponent)
        {
            problem = "lacks a good n or e";
            return null;
        }

        modulus = modulus.AsSpan().TrimStart((byte)0).ToArray();
        exponent = exponent.AsSpan().TrimStart((byte)0).ToArray();
        var bits = modulus.Length == 0 ? 0 : (modulus.Length * 8) - System.Numerics.BitOperations.LeadingZeroCount((uint)modulus[0]) + 24;
        if (bits is < FewestBits or > MostBits || exponent is [] or [1] || (exponent[^1] & 1) == 0)
        {
            problem = $"has {bits} bits: {FewestBits} to {MostBits} with an odd exponent above 1 are taken";
            return null;
        }

        return new SigningKey(id, only, RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent }), null);
    }

    private static SigningKey? ReadEc(JsonElement key, string id, SigningAlgorithm only, out string problem)
    {
        problem = "";
        var (curve, size) = Text(key, "crv") switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48),
            _ => (default, 0),
        };
        if (size == 0)
        {
            return Unsupported("crv", out problem);
        }

        if (Bytes(key, "x") is not { } x || Bytes(key, "y") is not { } y || x.Length != size || y.Length != size)
        {
            problem = "lacks a good x or y";
            return null;
        }

        return new SigningKey(id, only, null, ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } }));
    }

    private static SigningKey? Unsupported(string name, out string problem)
    {
        problem = $"has a {name} that is not supported";
        return null;
    }

    private static bool Verifies(JsonElement operations) => operations.ValueKind == JsonValueKind.Array
        && operations.EnumerateArray().Any(static each => each.ValueKind == JsonValueKind.String && each.ValueEquals("verify"u8));

    private static string? Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : "" : null;

    private static byte[]? Bytes(JsonElement key, string name) =>
        Text(key, name) is { Length: > 0 } text && Base64UrlText.TryDecode(Encoding.UTF8.GetBytes(text), out var bytes) ? bytes : null;
}
