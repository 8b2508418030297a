using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Api;
using Banyan.Testing;
using Banyan.Tests.Proxy;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>A control plane with a clock of its own, its authority ready, and workloads that join.</summary>
public sealed class IdentityLab : IAsyncLifetime
{
    public const string Web = "spiffe://banyan.local/ns/default/sa/web";

    internal TestControl Control { get; private set; } = null!;

    internal ManualTime Time { get; } = new();

    internal Uri Plain => new($"http://{Control.Plane.XdsEndPoint}");

    internal Uri Tls => new($"https://{Control.Plane.XdsTlsEndPoint}");

    internal string State => Control.Folder["state"];

    public async ValueTask InitializeAsync()
    {
        var folder = new TempFolder("identity");
        folder.Write("config/mesh.yaml", Texts.Workload("web"));
        Control = await TestControl.StartInAsync(folder, [folder["config"]], owned: folder, time: Time);
        await Control.ReadyAsync();
        await ReadyAsync(Control);
    }

    public ValueTask DisposeAsync() => Control.DisposeAsync();

    internal static Task<CertificatesDocument> ReadyAsync(TestControl control) => Eventually.GetAsync(
        () => StatusAsync(control),
        status => status.State == "ready" && status.Identities.Any(each => each.Identity.Contains("banyan-system", StringComparison.Ordinal)),
        "the authority is ready, and the control plane has its own certificate");

    internal static async Task<CertificatesDocument> StatusAsync(TestControl control) =>
        (await control.Api.GetFromJsonAsync("/api/v1/certificates", ApiJson.Default.CertificatesDocument))!;

    internal Task<JoinTokenEntry> TokenAsync(string workload = "default/web-v1", string query = "") => TokenAsync(Control, workload, query);

    internal static async Task<JoinTokenEntry> TokenAsync(TestControl control, string workload = "default/web-v1", string query = "")
    {
        using var response = await control.Api.PostAsync($"/api/v1/join-tokens?by=me&workload={workload}{query}", null);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.JoinTokenEntry))!;
    }

    /// <summary>Joins as a sidecar does, by a new token.</summary>
    internal async Task<Holder> JoinAsync(string identity = Web, string workload = "default/web-v1")
    {
        var token = await TokenAsync(workload);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var answer = await IdentityClient.CertifyAsync(
            Tls, new CertifyRequest { Csr = ByteString.CopyFrom(Csr.Of(identity, key)), JoinToken = token.Token });
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
        return HolderOf(key, answer);
    }

    internal static Holder HolderOf(ECDsa key, IdentityAnswer answer)
    {
        var chain = answer.Certified.Chain.Select(each => X509CertificateLoader.LoadCertificate(each.Span)).ToList();
        return new Holder(key, chain[0], [.. chain.Skip(1)]);
    }

    internal static CertifyRequest Request(byte[] csr, string token = "") =>
        new() { Csr = ByteString.CopyFrom(csr), JoinToken = token };
}
