using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Banyan.Bench.Load;

/// <summary>Connections of mutual TLS, each after one request, that are held and carry nothing.</summary>
internal sealed class IdleConnections : IDisposable
{
    private readonly List<SslStream> _open = [];

    public int Count => _open.Count;

    /// <summary>Opens so many, one after the other.</summary>
    /// <param name="port">On loopback.</param>
    /// <param name="chain">The caller's certificate, a PEM file.</param>
    /// <param name="key">Its key, a PEM file.</param>
    /// <param name="protocol">ALPN.</param>
    /// <param name="load">What is asked once.</param>
    /// <param name="count">How many.</param>
    public static IdleConnections Open(int port, string chain, string key, string protocol, LoadShape load, int count)
    {
        var held = new IdleConnections();
        using var certificate = X509Certificate2.CreateFromPemFile(chain, key);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "callee",
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol(protocol)],
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        };
        var request = Encoding.ASCII.GetBytes($"GET {load.Path} HTTP/1.1\r\nhost: shop\r\n\r\n");
        var answer = new byte[16 * 1024];
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect("127.0.0.1", port);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            held._open.Add(stream);
            stream.AuthenticateAsClient(options);
            stream.Write(request);
            Read(stream, answer, load.Body);
        }

        return held;
    }

    public void Dispose() => _open.ForEach(stream => stream.Dispose());

    private static void Read(SslStream stream, byte[] answer, int body)
    {
        for (var length = 0; ;)
        {
            var count = stream.Read(answer, length, answer.Length - length);
            length += count > 0 ? count : throw new BenchFailure($"a connection ended after {length} bytes of an answer");
            var head = answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (head >= 0 && length >= head + 4 + body)
            {
                if (!answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
                {
                    throw new BenchFailure($"not the answer: {Encoding.ASCII.GetString(answer, 0, head)}");
                }

                return;
            }
        }
    }
}
