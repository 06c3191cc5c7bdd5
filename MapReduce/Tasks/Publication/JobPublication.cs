namespace Quorleans.MapReduce.Tasks;

/// <summary>What became of an attempt to publish a job's output.</summary>
public enum JobPublication
{
    /// <summary>The output is there now.</summary>
    Published,

    /// <summary>It was there already, by this job.</summary>
    AlreadyPublished,

    /// <summary>A later coordinator has taken the output away: nothing was published by this generation, and nothing ever will be.</summary>
    TakenAway,
}
