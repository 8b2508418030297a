using Banyan.Control;
using Banyan.Control.Store.Persistence;
using Xunit;

namespace Banyan.Tests.Control.Store;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgres://u:p%40x@h:1/d?sslmode=verify-full", "u", "p@x", "h", 1, "d")]
    [InlineData("postgresql://u@h", "u", null, "h", 5432, "u")]
    [InlineData("postgres://u@[::1]:7/d", "u", null, "::1", 7, "d")]
    [InlineData("postgres://u@localhost/d?host=/run/postgresql", "u", null, "/run/postgresql", 5432, "d")]
    public void AddressesAreRead(string text, string user, string? password, string host, int port, string database)
    {
        var settings = PostgresAddress.Parse(text);
        Assert.Equal((user, password, host, port, database), (settings.Username, settings.Password, settings.Host, settings.Port, settings.Database));
        Assert.DoesNotContain("p@x", PostgresAddress.NameOf(settings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mysql://u:hunter2@h/d")]
    [InlineData("postgres://u:hunter2@h:port/d")]
    [InlineData("postgres://u:hunter2@h/d?sslmode=perhaps")]
    [InlineData("postgres://u:hunter2@h/d?colour=red")]
    public void WhatIsNoAddressIsNotRepeated(string text)
    {
        var error = Assert.Throws<ControlPlaneException>(() => PostgresAddress.Parse(text));
        Assert.DoesNotContain("hunter2", $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void AServerThatIsNotThereIsNamedWithoutItsPassword()
    {
        using var database = PostgresDatabase.Open(
            $"postgres://u:hunter2@127.0.0.1:{Banyan.Testing.FreePorts.Next()}/d", TimeProvider.System);
        var error = Assert.Throws<StoreFailedException>(() => database.Marks());
        Assert.Contains("postgres://u@127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", $"{error}", StringComparison.Ordinal);
    }
}
