using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>What only the mesh may say never reaches an application in a caller's words.</summary>
public sealed class SpoofedFieldTests : IDisposable
{
    /// <summary>Names under which a caller might pass itself off; each is a rule of the table.</summary>
    internal static readonly string[] Fields =
    [
        "x-forwarded-client-cert", "X-Forwarded-Client-Cert", "x_forwarded_client_cert", "X-FORWARDED_CLIENT-CERT", "x-banyan-identity",
        "X-Banyan-Denied-By", "x_banyan_identity", "X_BANYAN-Identity", "x-banyan_identity", "x-banyan-version",
    ];

    private readonly TcpLab _lab = new();
    private readonly TestAuthority _authority = new();

    public SpoofedFieldTests()
    {
        _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, _lab.Worker.Metrics.TlsRefusals));
        _lab.Worker.Security.Replace(TlsContext.Create(TlsLab.Server(_authority)), TlsContext.Create(TlsLab.Client(_authority)));
    }

    public static TheoryData<string> Names => [.. Fields];

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task NeverArrives(string field)
    {
        using var application = new RawListener();
        _lab.Security = ListenerSecurity.Permissive;
        var inbound = _lab.Listen(PortProtocol.Http, ListenerRole.Inbound, ([application.Address], 1));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(inbound);
        await client.SendAsync($"GET /a HTTP/1.1\r\nHost: x\r\n{field}: spoofed\r\nx-other_name: kept\r\nx_forwarded_for: kept\r\n\r\n");
        using var served = await application.AcceptAsync();
        var head = await served.ReadUntilAsync("\r\n\r\n");
        Assert.DoesNotContain("spoofed", head, StringComparison.Ordinal);
        Assert.Contains("x-other_name: kept\r\nx_forwarded_for: kept\r\n", head, StringComparison.Ordinal);
    }
}
