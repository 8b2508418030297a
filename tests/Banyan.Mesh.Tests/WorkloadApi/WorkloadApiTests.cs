using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds.Spiffe;
using Xunit;

namespace Banyan.Mesh.Tests.WorkloadApi;

/// <summary>The SPIFFE Workload API of a sidecar, asked by grpcio from the application's own process, and by others.</summary>
public sealed class WorkloadApiTests
{
    private const string Python = "/usr/bin/python3";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(100);

    private static string Script => Path.Combine(Repository.Root, "tests/Banyan.Mesh.Tests/WorkloadApi/svid_app.py");

    [Fact]
    public async Task TheWorkloadGetsACertificateOfItsOwn_AndNobodyElseDoes()
    {
        await using var mesh = await StartAsync("1h");
        var outcomes = await OutcomesAsync(mesh);
        Assert.Equal("OK", outcomes["own"]);
        Assert.Equal("OK", outcomes["bundles"]);
        Assert.Equal("OK", outcomes["child"]);
        Assert.Matches("^INVALID_ARGUMENT .*workload.spiffe.io", outcomes["unmarked"]);
        Assert.Matches("^INVALID_ARGUMENT .*workload.spiffe.io", outcomes["marked wrong"]);
        Assert.StartsWith("UNIMPLEMENTED ", outcomes["jwt"], StringComparison.Ordinal);
        Assert.StartsWith("UNIMPLEMENTED ", outcomes["unknown"], StringComparison.Ordinal);
        Assert.Matches("^PERMISSION_DENIED .*session", outcomes["other session"]);
        var outside = await TestProcess.RunAsync(Python, [Script, "once"], Endpoint(mesh));
        Assert.Matches("^PERMISSION_DENIED .*session", outside.Output);

        var svid = await SvidAsync(mesh, 0);
        Assert.Equal("spiffe://banyan.local/ns/default/sa/svid", svid.SpiffeId);
        using var leaf = await VerifiedAsync(mesh, svid);
        var proxy = Path.Combine(mesh.Folder["s/proxies/default.svid-v1.0"], "identity");
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(proxy, "chain.pem"));
        Assert.NotEqual(own.SerialNumber, leaf.SerialNumber);
        Assert.False(own.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(leaf.PublicKey.ExportSubjectPublicKeyInfo()));
        var bundles = X509BundlesResponse.Parser.ParseFrom(await MessageAsync(mesh, "bundles-0"));
        Assert.Equal(svid.Bundle, Assert.Single(bundles.Bundles).Value);
        Assert.Equal("spiffe://banyan.local", Assert.Single(bundles.Bundles).Key);

        // It is in memory alone, of the sidecar and of the application.
        var secret = Convert.ToBase64String(svid.X509SvidKey.Span)[40..62];
        var found = await TestProcess.RunAsync("grep", ["-rlF", "--devices=skip", secret, "s"], folder: mesh.Folder.Path);
        Assert.Equal("", found.Output);
    }

    [Fact]
    public async Task RenewalsAreToldToWhoStillListens()
    {
        await using var mesh = await StartAsync("10s");
        var first = await SvidAsync(mesh, 0);
        var next = await SvidAsync(mesh, 2);
        Assert.Equal(first.SpiffeId, next.SpiffeId);
        Assert.NotEqual(first.X509SvidKey, next.X509SvidKey);
        using var leaf = await VerifiedAsync(mesh, next);
    }

    [Fact]
    public async Task ADeniedCertificateIsNotHandedOut()
    {
        await using var mesh = await StartAsync("1h");
        var denied = await SvidAsync(mesh, 0);
        Directory.GetFiles(Data(mesh), "svid-*").ToList().ForEach(File.Delete);
        using (var leaf = X509CertificateLoader.LoadCertificate(denied.X509Svid.Span))
        {
            await mesh.JsonAsync("certs", "deny", leaf.SerialNumber);
        }

        var next = await SvidAsync(mesh, 0);
        Assert.Equal(denied.SpiffeId, next.SpiffeId);
        Assert.NotEqual(denied.X509SvidKey, next.X509SvidKey);
    }

    /// <summary>Whoever may enter the folder may connect, and is no reason to turn the workload away.</summary>
    [Fact]
    public async Task StrangersDoNotTakeTheWorkloadsPlace()
    {
        await using var mesh = await StartAsync("1h");
        await OutcomesAsync(mesh);
        var strangers = Enumerable.Range(0, 80).Select(_ => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)).ToList();
        try
        {
            foreach (var stranger in strangers)
            {
                stranger.Connect(new UnixDomainSocketEndPoint(SocketOf(mesh)));
            }

            var leader = int.Parse((await File.ReadAllTextAsync(ProcessFile(mesh))).Split(' ')[0], CultureInfo.InvariantCulture);
            File.Delete(Path.Combine(Data(mesh), "outcomes.json"));
            Processes.Signal(leader, 9);
            Assert.Equal("OK", (await OutcomesAsync(mesh))["own"]);
        }
        finally
        {
            strangers.ForEach(static each => each.Dispose());
        }
    }

    [Fact]
    public async Task AfterARestartTheNewProcessIsTheWorkload()
    {
        await using var mesh = await StartAsync("1h");
        await OutcomesAsync(mesh);
        var file = ProcessFile(mesh);
        var before = await File.ReadAllTextAsync(file);
        Directory.GetFiles(Data(mesh)).ToList().ForEach(File.Delete);
        Processes.Signal(int.Parse(before.Split(' ')[0], CultureInfo.InvariantCulture), 9);
        Assert.Equal("OK", (await OutcomesAsync(mesh))["own"]);
        Assert.NotEqual(before, await File.ReadAllTextAsync(file));
    }

    /// <summary>The number of a process that has ended may be another's: what began at another time is not the workload.</summary>
    [Fact]
    public async Task ANumberThatSomebodyElseHasByNowProvesNothing()
    {
        await using var mesh = await StartAsync("1h");
        await OutcomesAsync(mesh);
        var file = ProcessFile(mesh);
        var leader = (await File.ReadAllTextAsync(file)).Split(' ')[0];
        await File.WriteAllTextAsync(file, $"{leader} 17\n");
        var again = await TestProcess.RunAsync(Python, [Script, "once"], Endpoint(mesh));
        Assert.Matches("^PERMISSION_DENIED .*has ended", again.Output);
    }

    private static Dictionary<string, string?> Endpoint(UpMesh mesh) => new(UpMesh.Environment)
    {
        ["SPIFFE_ENDPOINT_SOCKET"] = $"unix://{SocketOf(mesh)}",
    };

    private static string SocketOf(UpMesh mesh) => mesh.Folder["s/proxies/default.svid-v1.0/workload.sock"];

    private static string ProcessFile(UpMesh mesh) => mesh.Folder["s/proxies/default.svid-v1.0/workload.process"];

    private static string Data(UpMesh mesh) => mesh.Folder["out"];

    private static async Task<UpMesh> StartAsync(string ttl)
    {
        var text = MeshText.Of(
            $$"""{apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {certificates: {leafTtl: {{ttl}} } } }""",
            MeshText.Client,
            $$"""
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {name: svid-v1}
            spec:
              service: svid
              version: v1
              run: {command: sh, args: ["-c", "mkdir -p out; exec {{Python}} {{Script}} keep out"]}
            """);
        return await UpMesh.StartAsync(text);
    }

    private static async Task<Dictionary<string, string>> OutcomesAsync(UpMesh mesh)
    {
        var path = Path.Combine(Data(mesh), "outcomes.json");
        await Eventually.TrueAsync(() => File.Exists(path), "the application has made its calls", Deadline);
        return JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(path))!;
    }

    private static async Task<byte[]> MessageAsync(UpMesh mesh, string name)
    {
        var path = Path.Combine(Data(mesh), name);
        await Eventually.TrueAsync(() => File.Exists(path), $"the application has received {name}", Deadline);
        return await File.ReadAllBytesAsync(path);
    }

    private static async Task<X509SVID> SvidAsync(UpMesh mesh, int number) =>
        Assert.Single(X509SVIDResponse.Parser.ParseFrom(await MessageAsync(mesh, $"svid-{number}")).Svids);

    /// <summary>OpenSSL accepts the chain, and the key is the leaf's.</summary>
    private static async Task<X509Certificate2> VerifiedAsync(UpMesh mesh, X509SVID svid)
    {
        var leaf = X509CertificateLoader.LoadCertificate(svid.X509Svid.Span);
        var rest = svid.X509Svid.Span[leaf.RawDataMemory.Length..];
        using var issuing = X509CertificateLoader.LoadCertificate(rest);
        using var root = X509CertificateLoader.LoadCertificate(svid.Bundle.Span);
        await File.WriteAllTextAsync(Path.Combine(mesh.Folder.Path, "leaf.pem"), leaf.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(mesh.Folder.Path, "issuing.pem"), issuing.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(mesh.Folder.Path, "root.pem"), root.ExportCertificatePem());
        var verified = await TestProcess.RunAsync(
            "openssl", ["verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "leaf.pem"], folder: mesh.Folder.Path);
        Assert.True(verified.ExitCode == 0, $"{verified}");
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(svid.X509SvidKey.Span, out _);
        Assert.Equal(leaf.PublicKey.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
        Assert.Contains($"URI:{svid.SpiffeId}", leaf.Extensions["2.5.29.17"]!.Format(false), StringComparison.Ordinal);
        return leaf;
    }
}
