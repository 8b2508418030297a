using System.Net;
using Banyan.Control;
using Banyan.Proxy.Background;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>The client against the real control plane.</summary>
public sealed class ControlPlaneTests : IDisposable
{
    private const string Payments = "payments.default:80";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EditsArriveAndARestartOfTheControlPlaneIsOutlived()
    {
        var file = _folder.Write("mesh.yaml", Mesh("127.0.0.1:20501"));
        var xds = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
        var control = await StartAsync(xds, file);
        using var proxy = Start(xds, out var holder);
        try
        {
            proxy.Want(Payments);
            proxy.Want("nobody.default:80");
            await Eventually.TrueAsync(() => Address(holder) == "127.0.0.1:20501", "the destination arrives");
            await Eventually.TrueAsync(() => holder.Current.IsMissing("nobody.default:80"), "the other does not exist");
            Assert.True(holder.Current.Connected);
            Assert.Empty(proxy.Status()!.Nacks);

            File.WriteAllText(file, Mesh("127.0.0.1:20502"));
            await Eventually.TrueAsync(() => Address(holder) == "127.0.0.1:20502", "the edit arrives");

            await control.DisposeAsync();
            await Eventually.TrueAsync(() => !holder.Current.Connected, "the loss is noticed");
            Assert.Equal("127.0.0.1:20502", Address(holder));
            File.WriteAllText(file, Mesh("127.0.0.1:20503"));

            control = await StartAsync(xds, file);
            await Eventually.TrueAsync(() => holder.Current.Connected && Address(holder) == "127.0.0.1:20503", "it catches up");
            Assert.Empty(proxy.Status()!.Nacks);
        }
        finally
        {
            await control.DisposeAsync();
        }
    }

    [Fact]
    public async Task WhatWasDeletedWhileNobodyWasConnectedIsGone()
    {
        var file = _folder.Write("mesh.yaml", Mesh("127.0.0.1:20501"));
        var xds = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
        await using (await StartAsync(xds, file))
        {
            using var proxy = Start(xds, out var holder);
            proxy.Want(Payments);
            await Eventually.TrueAsync(() => Address(holder) is not null, "the destination arrives");
        }

        File.WriteAllText(file, Mesh("127.0.0.1:20501").Replace("payments", "orders", StringComparison.Ordinal));
        await using var next = await StartAsync(xds, file, "other-state");
        using var restarted = Start(xds, out var later);
        Assert.NotNull(later.Current.Find(Payments));
        await Eventually.TrueAsync(() => later.Current.Find(Payments) is null, "the destination is gone");
        Assert.True(later.Current.IsMissing(Payments));
    }

    private static string? Address(SnapshotHolder holder) =>
        holder.Current.Find(Payments)?.Clusters[0].Endpoints.FirstOrDefault()?.Address.ToString();

    private static string Mesh(string address) => $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: payments-v1}
        spec:
          service: payments
          version: v1
          ports: [{name: http, port: 80, targetPort: {{IPEndPoint.Parse(address).Port}}}]
          addresses: ["{{IPEndPoint.Parse(address).Address}}"]
        """;

    private async Task<ControlPlane> StartAsync(IPEndPoint xds, string file, string state = "control")
    {
        var control = new ControlPlane(new ControlPlaneOptions
        {
            StateDirectory = _folder[state],
            Files = [file],
            Xds = xds,
            Api = new IPEndPoint(IPAddress.Loopback, 0),
        });
        await control.StartAsync();
        await Eventually.WithinAsync(control.Ready, "the control plane is ready");
        return control;
    }

    private Housekeeping Start(IPEndPoint xds, out SnapshotHolder holder)
    {
        holder = new SnapshotHolder();
        var options = new ProxyOptions { Node = new NodeName("default", "web", 0), Control = [new Uri($"http://{xds}")], State = _folder["proxy"] };
        var proxy = Housekeeping.Start(options, holder, new MetricsShards(1), new ProxyLog(LogLevel.Off, TimeProvider.System), TimeProvider.System, out var error);
        Assert.Equal("", error);
        return proxy!;
    }
}
