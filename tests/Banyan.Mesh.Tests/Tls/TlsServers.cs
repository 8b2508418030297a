using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Tls;

/// <summary>nginx servers that speak TLS with a certificate for <c>*.web.test</c> and answer with their name.</summary>
internal sealed class TlsServers : IDisposable
{
    private readonly TempFolder _folder = new("tls");

    public TlsServers()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=web.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in (string[])["web.test", "*.web.test", "*.deep.web.test", "maybe.default"])
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
        Certificate = _folder.Write("cert.pem", certificate.ExportCertificatePem());
        _folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The certificate, which is its own authority.</summary>
    public string Certificate { get; }

    /// <summary>Writes the configuration of a server; the arguments for nginx.</summary>
    public string[] Arguments(string name, int port)
    {
        var config = _folder.Write($"{name}.conf", $$"""
            daemon off; worker_processes 1; pid {{_folder[$"{name}.pid"]}}; error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path {{_folder["body"]}}; proxy_temp_path {{_folder["proxy"]}};
              fastcgi_temp_path {{_folder["f"]}}; uwsgi_temp_path {{_folder["u"]}}; scgi_temp_path {{_folder["s"]}};
              server {
                listen 127.0.0.1:{{port}} ssl;
                ssl_certificate {{_folder["cert.pem"]}}; ssl_certificate_key {{_folder["key.pem"]}};
                location / { return 200 "{{name}} for $ssl_server_name\n"; }
              }
            }
            """);
        return ["-c", config, "-e", "stderr"];
    }

    public void Dispose() => _folder.Dispose();
}
