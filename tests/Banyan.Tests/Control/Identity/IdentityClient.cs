using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Tests.Control.Identity;

/// <summary>What a control plane answered.</summary>
internal sealed record IdentityAnswer(GrpcStatusCode Status, string Message, byte[] Body)
{
    public CertifyResponse Certified => CertifyResponse.Parser.ParseFrom(Body);

    public override string ToString() => $"{Status} {Message}";
}

/// <summary>A key and its certificate, with what leads to the root.</summary>
internal sealed class Holder(ECDsa key, X509Certificate2 leaf, X509Certificate2[] intermediates) : IDisposable
{
    public X509Certificate2 Leaf { get; } = leaf;

    public X509Certificate2[] Intermediates { get; } = intermediates;

    public ECDsa Key { get; } = key;

    public SslStreamCertificateContext Context() =>
        SslStreamCertificateContext.Create(Leaf.CopyWithPrivateKey(Key), [.. Intermediates], offline: true);

    public void Dispose()
    {
        Leaf.Dispose();
        Key.Dispose();
    }
}

/// <summary>gRPC's unary calls as a proxy makes them, with HttpClient.</summary>
internal static class IdentityClient
{
    public static Task<IdentityAnswer> CertifyAsync(Uri server, CertifyRequest request, Holder? holder = null) =>
        CallAsync(server, GrpcTrailers.Certify, request.ToByteArray(), holder);

    public static async Task<IdentityAnswer> CallAsync(Uri server, string path, byte[] message, Holder? holder = null, bool framed = true)
    {
        using var http = Client(holder, out _);
        var frame = new byte[GrpcFrame.PrefixLength + message.Length];
        GrpcFrame.WritePrefix(frame, message.Length);
        message.CopyTo(frame, GrpcFrame.PrefixLength);
        using var content = new ByteArrayContent(framed ? frame : message);
        content.Headers.ContentType = new MediaTypeHeaderValue(GrpcTrailers.ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
        };
        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        var status = Trailer(response, GrpcTrailers.Status);
        return new IdentityAnswer(
            GrpcTrailers.ParseStatus(status),
            GrpcTrailers.DecodeMessage(Trailer(response, GrpcTrailers.Message)),
            body.Length >= GrpcFrame.PrefixLength ? body[GrpcFrame.PrefixLength..] : []);
    }

    /// <summary>A client that shows what it holds, and sees what the server shows.</summary>
    public static HttpClient Client(Holder? holder, out List<byte[]> shown)
    {
        var seen = shown = [];
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            seen.Add(certificate!.GetRawCertData());
            seen.AddRange(chain!.ChainPolicy.ExtraStore.Select(each => each.RawData));
            return true;
        };
        if (holder is not null)
        {
            handler.SslOptions.ClientCertificateContext = holder.Context();
        }

        return new HttpClient(handler);
    }

    private static string Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.Single()
            : "";
}
