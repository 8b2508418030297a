using Banyan.Control;
using Banyan.Control.Registry;
using Banyan.Control.Store.Persistence;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>A server for the tests of this class; each test has a database of its own on it.</summary>
public sealed class PostgresDatabaseTests(PostgresServer server) : DatabaseContract, IClassFixture<PostgresServer>
{
    private readonly string _name = PostgresServer.NewName();
    private bool _made;

    [Fact]
    public void AChangeThatFollowsAnotherRevisionIsRefused()
    {
        using var one = Open();
        using var two = Open();
        one.Save(Change(1, "a"));
        Assert.Throws<RevisionConflictException>(() => two.Save(Change(1, "b")));
        Assert.Equal("a", Assert.Single(two.Objects()).Name);
        two.Save(Change(2, "b"));
        Assert.Equal(2, one.Marks().Revision);
    }

    [Fact]
    public async Task WhatTheServerLostIsConnectedAgain()
    {
        using var database = Open();
        database.Save(Change(1, "a"));
        await server.EndSessionsAsync(_name);
        database.Save(Change(2, "b"));
        Assert.Equal(2, database.Objects().Count);
    }

    [Fact]
    public async Task TablesOfANewerVersionAreNamed()
    {
        using (Open())
        {
        }

        await server.QueryAsync(_name, "UPDATE banyan_schema SET version = 99");
        var error = Assert.Throws<ControlPlaneException>(() => Open());
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADatabaseThatDoesNotExistIsAWrongAddress()
    {
        var error = Assert.Throws<ControlPlaneException>(() => PostgresDatabase.Open(server.Address("nowhere"), TimeProvider.System));
        Assert.Contains("\"nowhere\" does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RegistrationsThatFollowOthersAreRefused()
    {
        using var one = Open();
        using var two = Open();
        one.Save(Register("a", new Marks()));
        Assert.Throws<RevisionConflictException>(() => two.Save(Register("b", new Marks())));
        two.Save(Register("b", two.Marks()));
        Assert.Equal(2, one.Registrations().Count);
        Assert.Equal(2, one.Marks().Registry);

        static DatabaseChange Register(string service, Marks expected) => new()
        {
            Expected = expected,
            Registrations = [new Registration { Service = service, Address = "10.0.0.1:80" }],
        };
    }

    [Fact]
    public async Task TwoThatStartTogetherMakeTheTablesOnce()
    {
        await server.CreateAsync(_name);
        _made = true;
        var address = server.Address(_name);
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => PostgresDatabase.Open(address, TimeProvider.System))));
        Assert.All(opened, database => Assert.Equal(0, database.Marks().Revision));
        foreach (var database in opened)
        {
            database.Dispose();
        }
    }

    private protected override IDatabase Open(TimeProvider? time = null)
    {
        if (!_made)
        {
            server.CreateAsync(_name).GetAwaiter().GetResult();
            _made = true;
        }

        return PostgresDatabase.Open(server.Address(_name), time ?? TimeProvider.System);
    }
}
