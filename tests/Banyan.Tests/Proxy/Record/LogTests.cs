using System.Text;
using System.Text.Json;
using Banyan.Proxy.Record;
using Xunit;

namespace Banyan.Tests.Proxy.Record;

public sealed class LogTests
{
    private readonly MemoryStream _output = new();
    private readonly ProxyLog _log = new(LogLevel.Info, new ManualTime());

    [Fact]
    public void ALineIsOneJsonObject()
    {
        _log.Write(LogLevel.Warn, "listener-lost", "a \"quoted\"\nmessage", new LogField("port", 80), new LogField("name", "in"), new LogField("none", null));

        var line = Assert.Single(Lines());
        Assert.Equal(JsonValueKind.Object, line.ValueKind);
        Assert.Equal("2030-01-01T00:00:00Z", line.GetProperty("time").GetString());
        Assert.Equal(("warn", "listener-lost", "a \"quoted\"\nmessage"), (Text(line, "level"), Text(line, "event"), Text(line, "message")));
        Assert.Equal(80, line.GetProperty("port").GetInt32());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("none").ValueKind);
    }

    [Fact]
    public void LessImportantLinesAreLeftOut()
    {
        Assert.False(_log.IsOn(LogLevel.Debug));
        Assert.False(_log.IsOn(LogLevel.Off));
        _log.Write(LogLevel.Debug, "x", "x");
        Assert.Empty(Lines());
    }

    [Fact]
    public void WhatDoesNotFitIsCounted()
    {
        for (var i = 0; i < ProxyLog.Capacity + 10; i++)
        {
            _log.Write(LogLevel.Info, "x", "x");
        }

        Assert.Equal(10, _log.Dropped);
        var lines = Lines();
        Assert.Equal(ProxyLog.Capacity + 1, lines.Count);
        Assert.Equal(10, lines[^1].GetProperty("count").GetInt32());
    }

    [Fact]
    public void ASlowReaderLosesNothingButTime()
    {
        _log.Write(LogLevel.Info, "one", "x");
        _log.Write(LogLevel.Info, "two", "x");

        _log.DrainTo(bytes => Take(bytes[..7]), int.MaxValue);
        Assert.True(_log.HasWaiting);
        _log.DrainTo(_ => 0, int.MaxValue);
        Assert.Equal(["one", "two"], Lines().Select(line => Text(line, "event")));
        Assert.False(_log.HasWaiting);
    }

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();

    private int Take(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        return bytes.Length;
    }

    private List<JsonElement> Lines()
    {
        _log.DrainTo(Take, int.MaxValue);
        return
        [
            .. Encoding.UTF8.GetString(_output.ToArray())
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement),
        ];
    }
}
