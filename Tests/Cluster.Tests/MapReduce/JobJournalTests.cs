using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.Grains.MapReduce;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>The journal of jobs in a real store, through a Clerk that does not hear of every second transaction.</summary>
public sealed class JobJournalTests
{
    [Fact]
    public async Task Journal_IsWrittenOnceByItsOwner_WhateverIsHeardOfIt()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using RunningCluster running = await RunningCluster.StartAsync();
        OrleansClerk clerk = await running.ConnectAsync();

        // The cluster's own coordinator has looked before there is anything to take over.
        await Eventually.Holds("the coordinator is at work", async () => (await running.CoordinatorAsync(clerk)).Ready);
        ForgetfulClerk forgetful = new(clerk);
        JobJournal first = new(forgetful, "first", TimeProvider.System, NullLogger.Instance), second = new(forgetful, "second", TimeProvider.System, NullLogger.Instance);
        JobSpec spec = new() { Id = "job-1", Application = "wordcount", Inputs = ["/in"], Output = "/out" };
        JobIndexEntry entry = new() { View = new JobView { Spec = spec, Phase = JobPhase.Waiting } };
        JobOwner one = new(1, "first", 1), two = new(1, "first", 2), three = new(1, "first", 3);
        JobEvent submitted = new() { Kind = JobEventKind.Submitted, AtMs = 1, Spec = spec }, committing = new() { Kind = JobEventKind.Committing, AtMs = 2, Generation = 1 };

        Assert.True(await first.AppendAsync(new AppendEffect(spec.Id, null, one, Records(submitted), JobCodec.Encode(entry)), cancel));
        Assert.True(await first.AppendAsync(new AppendEffect(spec.Id, one, two, Records(committing), null), cancel));

        // The id is taken, and a record that is there is not written again.
        Assert.False(await second.AppendAsync(new AppendEffect(spec.Id, null, new JobOwner(1, "second", 1), Records(submitted), JobCodec.Encode(entry)), cancel));
        Assert.Equal(spec.Id, Assert.Single(await second.ReadIndexAsync(cancel)).View.Spec.Id);

        TakenJob taken = await second.TakeAsync(spec.Id, cancel);
        Assert.Equal(new JobOwner(2, "second", 2), taken.Owner);
        Assert.Equal([JobEventKind.Submitted, JobEventKind.Committing], taken.Events.Select(static e => e.Kind));
        Assert.False(await first.AppendAsync(new AppendEffect(spec.Id, two, three, Records(committing), null), cancel));
        Assert.Equal((false, false, true), await first.LookAsync(spec.Id, cancel));

        JobIndexEntry ended = new() { View = entry.View with { Phase = JobPhase.Failed, EndedMs = 5 } };
        JobOwner last = new(2, "second", 3);
        Assert.True(await second.AppendAsync(new AppendEffect(spec.Id, taken.Owner, last, Records(committing), JobCodec.Encode(ended)), cancel));
        Assert.Equal(JobPhase.Failed, (await first.TakeAsync(spec.Id, cancel)).Ended!.View.Phase);
        await second.SweepAsync(ended, cancel);
        ScanPage left = await clerk.ScanAsync(new ScanRequest { Prefix = Encoding.UTF8.GetBytes("$mr") }, cancel);
        Assert.Equal(JobKeys.Index(spec.Id), Encoding.UTF8.GetString(Assert.Single(left.Items).Key.Span));
        Assert.True(Assert.Single(await first.ReadIndexAsync(cancel)).Swept);
        await first.ForgetAsync(spec.Id, cancel);
        Assert.Empty(await first.ReadIndexAsync(cancel));
        Assert.True(forgetful.Forgotten > 5, $"{forgetful.Forgotten} transactions were not heard of: no test");
    }

    private static byte[] Records(params List<JobEvent> events) => JobCodec.Encode(events);
}
