using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Cli.Identity;

/// <summary>The control plane said no, or is none.</summary>
/// <param name="message">Place, reason, mend.</param>
/// <param name="isFinal">The same would be refused again.</param>
internal sealed class IdentityRefusedException(string message, bool isFinal) : UserException(message)
{
    public bool IsFinal { get; } = isFinal;
}

/// <summary>Asks a control plane for certificates over TLS (docs/reference/identity.md).</summary>
/// <param name="control">Its address, <c>https</c>.</param>
/// <param name="time">The clock that certificates are judged by.</param>
internal sealed class CertificateCalls(Uri control, TimeProvider time)
{
    private const int LongestAnswer = 1024 * 1024;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    /// <summary>The first certificate, by a join token; the identity is made for the trust domain that the server has proved.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public async Task<KeptIdentity> JoinAsync(string token, Func<string, string> idIn, CancellationToken cancel)
    {
        var authority = token.Split('.') is ["bj1", { Length: > 0 }, { Length: > 0 }, var text] && Base64Url.IsValid(text)
            ? Base64Url.DecodeFromChars(text)
            : throw new UserException("the join token is not complete: it has the form bj1.ID.SECRET.CA");

        // One connection, unjudged at first: what is asked there is no secret. After that none is made any more.
        X509Certificate2[]? shown = null;
        using var http = Client(null, chain => Interlocked.CompareExchange(ref shown, chain, null) is null);
        var trust = await CallAsync(http, GrpcTrailers.FetchTrust, new FetchTrustRequest(), FetchTrustResponse.Parser, cancel);
        var (domain, problem) = Judge(trust, authority, shown ?? []);
        if (problem.Length > 0)
        {
            throw new IdentityRefusedException(
                $"{control.Authority} is not the control plane that the join token names: {problem}; "
                + "check --control, or make a token there (banyan token create --workload NAMESPACE/NAME)",
                isFinal: true);
        }

        return await CertifyAsync(http, idIn(domain), domain, token, cancel);
    }

    /// <summary>The next certificate of the same identity, with a new key.</summary>
    /// <inheritdoc cref="JoinAsync"/>
    public async Task<KeptIdentity> RenewAsync(KeptIdentity kept, CancellationToken cancel)
    {
        using var http = Secured(kept, out var domain);
        return await CertifyAsync(http, kept.Id, domain, token: "", cancel);
    }

    /// <summary>Whom to trust now.</summary>
    /// <inheritdoc cref="JoinAsync"/>
    public async Task<IReadOnlyList<X509Certificate2>> AnchorsAsync(KeptIdentity kept, CancellationToken cancel)
    {
        using var http = Secured(kept, out var domain);
        var trust = await CallAsync(http, GrpcTrailers.FetchTrust, new FetchTrustRequest(), FetchTrustResponse.Parser, cancel);
        return Anchors(trust.Bundles, domain);
    }

    private static string ControlPlaneOf(string domain) => $"spiffe://{domain}/ns/banyan-system/sa/control-plane";

    private static string DomainOf(string id) => id["spiffe://".Length..].Split('/')[0];

    private static X509Certificate2 Load(ByteString der) => X509CertificateLoader.LoadCertificate(der.Span);

    private IReadOnlyList<X509Certificate2> Anchors(IEnumerable<TrustBundle> bundles, string domain) =>
        bundles.FirstOrDefault(each => each.TrustDomain == domain) is { Anchors.Count: > 0 } bundle
            ? [.. bundle.Anchors.Select(Load)]
            : throw new UserException($"{control.Authority} names no anchors of trust domain {domain}");

    private (string Domain, string Problem) Judge(FetchTrustResponse trust, byte[] authority, X509Certificate2[] shown)
    {
        foreach (var bundle in trust.Bundles)
        {
            foreach (var der in bundle.Anchors)
            {
                using var anchor = Load(der);
                if (SHA256.HashData(anchor.PublicKey.ExportSubjectPublicKeyInfo()).AsSpan().SequenceEqual(authority))
                {
                    return (bundle.TrustDomain, shown is [var leaf, .. var extra]
                        ? PeerJudge.Judge(
                            leaf, extra, [anchor], ControlPlaneOf(bundle.TrustDomain), PeerJudge.ServerAuth, time.GetUtcNow())
                        : "it showed no certificate");
                }
            }
        }

        return ("", "none of its anchors has the public key of the token");
    }

    private HttpClient Secured(KeptIdentity kept, out string domain)
    {
        var own = DomainOf(kept.Id);
        domain = own;
        return Client(kept, chain => chain is [var leaf, .. var extra]
            && PeerJudge.Judge(leaf, extra, kept.Anchors, ControlPlaneOf(own), PeerJudge.ServerAuth, time.GetUtcNow()).Length == 0);
    }

    private static HttpClient Client(KeptIdentity? kept, Func<X509Certificate2[], bool> isGood)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = CallTimeout };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls13;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, _) => certificate is not null && isGood(
        [
            X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()),
            .. (chain?.ChainPolicy.ExtraStore ?? []).Select(each => X509CertificateLoader.LoadCertificate(each.RawData)),
        ]);
        if (kept is not null)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(
                kept.Leaf.CopyWithPrivateKey(kept.Key), [.. kept.Chain.Skip(1)], offline: true);
        }

        return new HttpClient(handler) { Timeout = CallTimeout, MaxResponseContentBufferSize = LongestAnswer };
    }

    private async Task<KeptIdentity> CertifyAsync(
        HttpClient http, string id, string domain, string token, CancellationToken cancel)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(id));
        csr.CertificateExtensions.Add(names.Build());
        var request = new CertifyRequest { Csr = ByteString.CopyFrom(csr.CreateSigningRequest()), JoinToken = token };
        var answer = await CallAsync(http, GrpcTrailers.Certify, request, CertifyResponse.Parser, cancel);
        var anchors = Anchors(answer.Bundles, domain);
        X509Certificate2[] chain = [.. answer.Chain.Select(Load)];
        var problem = chain is not [var leaf, .. var extra] ? "nothing"
            : !leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()) ? "another key"
            : PeerJudge.Judge(leaf, extra, anchors, id, PeerJudge.ClientAuth, time.GetUtcNow());
        return problem.Length == 0
            ? new KeptIdentity(key, chain, anchors)
            : throw new UserException($"{control.Authority} certified something else than {id}: {problem}");
    }

    private async Task<T> CallAsync<T>(
        HttpClient http, string path, IMessage message, MessageParser<T> parser, CancellationToken cancel)
        where T : IMessage<T>
    {
        try
        {
            var bytes = message.ToByteArray();
            var frame = new byte[GrpcFrame.PrefixLength + bytes.Length];
            GrpcFrame.WritePrefix(frame, bytes.Length);
            bytes.CopyTo(frame, GrpcFrame.PrefixLength);
            using var content = new ByteArrayContent(frame);
            content.Headers.ContentType = new MediaTypeHeaderValue(GrpcTrailers.ContentType);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(control, path))
            {
                Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
            };
            using var response = await http.SendAsync(request, cancel);
            var body = await response.Content.ReadAsByteArrayAsync(cancel);
            var status = GrpcTrailers.ParseStatus(Trailer(response, GrpcTrailers.Status));
            if (status != GrpcStatusCode.Ok)
            {
                var text = Trailer(response, GrpcTrailers.Message) is { Length: > 0 } said
                    ? GrpcTrailers.DecodeMessage(said)
                    : $"status {(int)response.StatusCode} of HTTP, {status} of gRPC";
                throw new IdentityRefusedException(
                    $"{control.Authority} refuses: {text}",
                    status is GrpcStatusCode.InvalidArgument or GrpcStatusCode.Unauthenticated or GrpcStatusCode.PermissionDenied);
            }

            return body.Length >= GrpcFrame.PrefixLength && body[0] == 0
                && BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) == body.Length - GrpcFrame.PrefixLength
                    ? parser.ParseFrom(body, GrpcFrame.PrefixLength, body.Length - GrpcFrame.PrefixLength)
                    : throw new UserException($"{control.Authority} answered something else than one message of gRPC");
        }
        catch (HttpRequestException exception)
        {
            var reason = exception.InnerException is AuthenticationException
                ? "TLS failed: it has not proved to be this mesh's control plane, or does not take our certificate"
                : exception.Message;
            throw new UserException($"{control.Authority}: {reason}; --control is the address of 'banyan control --xds-tls'");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new UserException($"{control.Authority} does not answer within {CallTimeout.TotalSeconds:0} s; check --control");
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or CryptographicException)
        {
            throw new UserException($"{control.Authority} answered what cannot be read: {exception.Message}");
        }
    }

    private static string Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.First()
            : "";
}
